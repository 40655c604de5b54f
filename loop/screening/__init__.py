"""What was said of a text before it may train: verdicts that hold it back or let it go.

Written by intake when a text arrives, and by a person who releases what was held back.
It never changes a text and never decides whether a row may leave: that is the gate's.
"""
