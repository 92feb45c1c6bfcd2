"""Persistent data: a database of rooms, hashes of creator keys, and blocked networks.

This package may import only `server.settings` and `server.errors`.
"""
