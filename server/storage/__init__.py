"""Persistent data: a database with rooms, people, messages and the actions of moderators.

`storage.py` opens everything. `database.py` runs transactions; one class for each domain has the
queries. This package may import only `server.settings` and `server.errors`.
"""
