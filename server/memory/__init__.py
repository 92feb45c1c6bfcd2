"""The memory budget of the process. Measures the used memory, limits the length of windows, and
decides whether the server accepts a new creator.

May import `server.rooms`, `server.ingest`, the relay and the vocabulary of `server`.
"""
