"""Copies of a channel at other servers. The server that owns a room is its origin; a server that
shows a room of another origin is an edge. FEED.md describes the messages between them.
"""
