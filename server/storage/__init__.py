"""Persistent data: the database of rooms and the hashes of their keys.

May import only the vocabulary of `server`.
"""
