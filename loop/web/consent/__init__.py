"""The registry's pages: authorisations, one record with its history, adding one, withdrawing, and why a row may leave.

A person without the registry sees their own records and may add to and withdraw those.
"""
