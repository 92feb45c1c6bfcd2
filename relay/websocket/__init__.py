"""WebSocket viewers: the endpoint, the connection of one viewer, and its socket.

May import `relay.channel` and all folders below it.
"""
