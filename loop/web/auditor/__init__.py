"""The pages of the trail: what happened, one event with its place in the log, the newest signed checkpoint.

Each role reads the part that people/roles.py gives it. Nothing here writes.
"""
