"""Media to WHEP viewers: packetisation, retransmission and reaction to congestion.

May import `relay.channel`, `relay.rtc`, `relay.stream` and the folders below them.
"""
