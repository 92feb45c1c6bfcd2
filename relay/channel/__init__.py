"""Who is sent what: batching, fan-out and the rules that choose the bytes for a slow viewer.

May import `relay.stream` and everything that it stands on.
"""
