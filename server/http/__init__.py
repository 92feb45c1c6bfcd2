"""HTTP: one module for each resource, and the shared parts (limits, origins, error answers).

May import every other folder of `server`; only `server.app` imports it.
"""
