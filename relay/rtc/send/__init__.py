"""Media to a WHEP viewer: packetisation, retransmission and pacing.

May import `relay.rtc`, `relay.stream` and everything that they stand on.
"""
