"""Media from a WHIP publisher: reassembly, repair, feedback and receiver-side congestion control.

May import `relay.rtc`, `relay.media` and the vocabulary.
"""
