"""Converts a publisher's media from the WebRTC session into samples on one clock. No HTTP.

This package may import `relay` and the vocabulary of `server`.
"""
