"""Persistent data: the database of rooms and the hashes of their keys.

This package may import only `server.settings` and `server.errors`.
"""
