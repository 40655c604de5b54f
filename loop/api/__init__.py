"""The door for machines: bearer tokens, strict JSON, problem details, cursors; documented in docs/api.md.

It reads a request, calls one verb, and shows the row that the verb returned.
It holds no rule, keeps no table, and never shows what the token may not see.
"""
