"""Where bytes lie: uploads and evidence through Django's storage, releases through fsspec.

Holds no code yet: evidence and releases are still kept by the rooms whose bytes they are.
It never knows what a file means and never serves one by its path.
"""
