"""Consent withdrawn: trace the releases it reaches, mark their rows, notify.

Written by `withdraw.py`, under the same lock as publishing.
It never rewrites a published release.
"""
