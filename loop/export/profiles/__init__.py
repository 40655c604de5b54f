"""The shapes a release can take: which columns, from where, in which order.

Each file lists one profile; `registry.py` finds it by name.
They never decide which rows leave.
"""
