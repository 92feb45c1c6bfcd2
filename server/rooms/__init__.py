"""Rooms: the life cycle of a live, its audience, and the registry of all rooms.

This package may import `server.ingest`, `server.storage` and all folders in lower rows of the table
in ARCHITECTURE.md.
"""
