"""Carries media from a publisher to viewers: WebRTC in; WebSocket, HLS and WHEP out. It knows
streams and channels, but no rooms and no accounts, and never imports `server` or `scripts`. Inside,
a module imports from its own folder and from lower floors only (ARCHITECTURE.md).

A *fragment* is one `moof` and its `mdat` (ISO/IEC 14496-12 §8.8); strict CMAF calls it a chunk.
"""
