"""The embedded default: PostgreSQL and Valkey from wheels, started by our own code for one machine.

Import `studio.local.servers` to start them and `studio.local.supervisor` to run the whole installation.
It never imports Django settings: manage.py uses it before they can be read.
"""
