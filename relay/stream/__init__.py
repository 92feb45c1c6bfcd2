"""What is published: tracks, the window of recent samples, the live edge and the bit rate. It knows
no viewers.

May import `relay.media` and the vocabulary.
"""
