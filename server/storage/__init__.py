"""What outlives the process: the database of rooms and the hashes of their keys.

May import the vocabulary of `server` only.
"""
