"""The labelled signal derived from decisions by rule.

The label of one decision is stored beside it; pairs, effective labels and kinds of negative are computed at a cut-off.
Written by `derive.py` within the transaction of the decision.
It never changes a decision and never asks for consent.
"""
