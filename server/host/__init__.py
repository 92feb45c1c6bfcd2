"""The machine that the server runs on: addresses, descriptors, ICE servers, the self-check and the
synthetic publisher.

May import `relay` and the vocabulary of `server`.
"""
