"""LL-HLS: segments, playlists, and the background job that makes them for a stream.

May import `relay.stream` and the floors below it.
"""
