"""Clips: short parts of lives, as files in the object store, and their rows in the database."""
