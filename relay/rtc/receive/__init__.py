"""Media from a publisher: reassembly, repair, feedback and congestion control of the receiving
side.

May import `relay.rtc`, `relay.media` and the vocabulary.
"""
