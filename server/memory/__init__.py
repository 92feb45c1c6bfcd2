"""The memory budget of the process: what is held, how long windows may be, and whether a new
creator is accepted.

May import `server.rooms`, `server.ingest`, the relay and the vocabulary of `server`.
"""
