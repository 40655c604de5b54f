"""The sample production "Night Ferry": a fictional film on which a newcomer tries the whole loop.

Its files under night_ferry/ are the truth; docs/sample-production.md says what they contain and why.
It is written through the same verbs as any production, and never by rows of its own.
"""
