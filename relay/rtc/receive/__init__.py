"""Media from a WHIP publisher: reassembly, repair, feedback, and congestion control by the
receiver.

May import `relay.rtc`, `relay.media` and the vocabulary.
"""
