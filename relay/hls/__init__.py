"""LL-HLS output: parts, segments, playlists, and the background task that makes them for a stream.

The modules of this folder may import `relay.channel`, `relay.stream` and all lower floors
(ARCHITECTURE.md).
"""
