"""A dataset release leaves the house: ordered, frozen, built, verified, published, with provenance and consent flags.

Written by its verbs, one state at a time; membership is frozen once and never recomputed.
It never decides consent (the gate does) and never rewrites what was published (recall re-issues).
"""
