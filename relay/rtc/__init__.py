"""WebRTC transport: one UDP port, ICE, DTLS, SRTP, RTP and SDP.

Only this folder uses aiortc and aioice. The modules of this folder may import `relay.media` and the
vocabulary of the relay (ARCHITECTURE.md).

All peers share one UDP port. The server is an ICE-lite agent (RFC 8445 §2.5): it answers
connectivity checks and gathers no candidates. A peer needs neither a socket nor a task of its own.
When a peer nominates a new address, the session moves to that address as soon as the address has
answered a connectivity check that the server sent.

Each datagram is classified by its first byte (RFC 7983) and handled in the call that delivers it.
aiortc performs the DTLS handshake and provides the SRTP keys.
"""
