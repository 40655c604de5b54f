"""What the record says when it is added up: acceptance by model version, stage and reason, cost per accepted.

Read-only; every number here can be recomputed from decisions.
It never writes and never shows a text.
"""
