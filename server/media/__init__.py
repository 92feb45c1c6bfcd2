"""The bounds of stored media, and its deletion."""
