"""The contributor's own door: what somebody without a login reads, answers and takes back, by a link of their own.

Every page shows one party and nobody else. It needs no script, and no address of it holds the link's secret but the
first, which is exchanged for a cookie at once.
"""
