"""HTTP: one module for each resource, and the shared parts (limits, origins, error answers).

This package may import every other folder of `server`; only the composition imports this package.
"""
