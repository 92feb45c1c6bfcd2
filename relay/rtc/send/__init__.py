"""Media to WHEP viewers: packetisation, retransmission and congestion.

May import `relay.rtc`, `relay.stream` and the folders below them.
"""
