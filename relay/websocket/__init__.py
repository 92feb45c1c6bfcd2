"""WebSocket viewers: the endpoint, one viewer's connection and its socket.

May import `relay.channel` and all folders below it.
"""
