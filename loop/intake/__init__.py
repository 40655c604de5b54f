"""What arrives with its judgements: bulk lines become suggestions, decisions, signals and contributors.

Written by `ingest.py`, in one transaction a file.
It never changes what is recorded: the same line twice changes nothing, the same id with other content is refused.
"""
