"""WebSocket viewers: the endpoint, the connection of one viewer, and its socket.

The modules of this folder may import `relay.channel` and all lower floors (ARCHITECTURE.md).
"""
