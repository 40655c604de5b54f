"""The production and its material: scenes, setups, takes, shots, versions of scripts, cuts and media.

Written by `register.py` and by intake.
It never judges anything, and its text never changes: a correction is a new version.
"""
