"""HTTP: one module for each resource, and what all of them share (limits, origins, error answers).

May import every other folder of `server`; only `server.app` imports it.
"""
