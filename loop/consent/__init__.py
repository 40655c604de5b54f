"""The registry of facts: who granted what, for which purpose, to whom, until when, withdrawn when.

Also who may receive (recipients and their agreements). Written by its verbs; withdrawal only through recall.
It never answers whether something may leave: that is the gate's.
"""
