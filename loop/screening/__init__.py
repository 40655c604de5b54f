"""What a text contains that must not train: control tokens, injections, secrets, personal data; versioned verdicts.

Holds no code yet. To be written by intake when a text arrives.
It never changes a text and never decides whether a row may leave: that is the gate's.
"""
