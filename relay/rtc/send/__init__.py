"""Sends media to WHEP viewers: packetisation, retransmission and reaction to congestion.

The modules of this folder may import `relay.channel`, `relay.rtc`, `relay.stream` and all lower
floors (ARCHITECTURE.md).
"""
