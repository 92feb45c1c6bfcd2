"""A publisher's media, from the WebRTC session to samples of one clock. No HTTP.

May import `relay` and the vocabulary of `server`.
"""
