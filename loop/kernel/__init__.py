"""Plain values every room may use: actors, canonical bytes, time, ids, errors.

Written by nobody: there is no state here.
It never imports Django, the network or another room.
"""
