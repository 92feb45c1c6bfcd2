"""Converts a publisher's media from the WebRTC session into samples on one clock. Contains no HTTP
code.

This package may import `relay` and the vocabulary of `server`.
"""
