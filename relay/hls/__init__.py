"""LL-HLS: segments, playlists, and the background task that makes them for a stream.

May import `relay.channel`, `relay.stream` and the folders below them.
"""
