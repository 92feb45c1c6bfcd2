"""The bounds of stored media, and the deletion of stored media."""
