"""Recordings of lives: segments in the object store, and their index in the database."""
