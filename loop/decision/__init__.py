"""What a director or editor answered to a suggestion; superseded, never edited.

Written by `decide.py` (in the browser and over the API) and by intake.
It never derives a label and never asks for consent.
"""
