"""What happened, append-only and tamper-evident: an RFC 6962 Merkle tree over exact entry bytes.

Events are written by one pen (`record.py`, `bulk.py`) in the business transaction; the sequencer (`seal.py`) gives
committed events their gapless log index and signs checkpoints.
It never makes a writer wait, and no other room names its tables.
"""
