"""The consent gate: may this row leave, for this purpose, to this recipient, on this date? With every reason against.

The verdict exists twice: pure in `rules.py`, set-wise in `sieve.py`; a test generates worlds and compares them.
It reads; it never writes anything but temporary tables.
"""
