"""WebRTC, and the only room that touches aiortc and aioice.

One UDP port serves everybody. The server is an ICE-lite agent (RFC 8445 §2.5): it only answers
connectivity checks, so there is nothing to gather, no socket and no task for each peer, and a peer
whose address changes is followed by its next nominated check. Datagrams are told apart by their
first byte as they arrive (RFC 7983) and handled in that same call; aiortc does what it does best,
the DTLS handshake and the SRTP keys.
"""
