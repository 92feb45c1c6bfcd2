"""What outlives the process: the database of rooms and their keys.

May import the vocabulary of `server` only.
"""
