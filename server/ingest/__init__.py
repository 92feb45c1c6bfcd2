"""A publisher's media, from the WebRTC session to samples on one clock. No HTTP.

May import `relay` and the vocabulary of `server`.
"""
