"""Who acts, and whose work, judgement or likeness it is.

Logins (user), their roles on a production (member), tokens of tools, and contributors with their credits.
Written by its own verbs; every other room reads it.
It never decides what a contributor has consented to: that is consent's and the gate's.
"""
