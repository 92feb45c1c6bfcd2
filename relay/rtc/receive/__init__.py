"""Receives media from a WHIP publisher: reassembly, repair, feedback, and congestion control by the
receiver.

The modules of this folder may import `relay.rtc`, `relay.media` and the vocabulary of the relay
(ARCHITECTURE.md).
"""
