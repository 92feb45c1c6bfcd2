"""Carries media from a publisher to viewers: WebRTC in; WebSocket, HLS and WHEP out.

The package knows streams and channels, but no rooms and no accounts. It never imports `server` or
`scripts`. A module of the package imports only from its own folder and from lower floors
(ARCHITECTURE.md).

A *fragment* is one `moof` and its `mdat` (ISO/IEC 14496-12 §8.8). CMAF calls a fragment a chunk.
"""

from relay import compiled as compiled  # first: it decides where Python finds the other modules
