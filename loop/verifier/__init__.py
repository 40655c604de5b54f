"""What outsiders run without us: one file that checks releases and the log.

Nobody imports it, and it imports nothing of ours: a recipient gets `circled_verify.py` and the public key.
It never trusts what lies in the folder it checks.
"""
