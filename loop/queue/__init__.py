"""What waits for whom: the production's review policy, claims, assignments, requests for a second opinion, saved views.

Written by its verbs; nothing here is a label. A claim steers who is handed what and never forbids a decision: two
people who decide at once keep both decisions.
"""
