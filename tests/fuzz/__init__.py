"""Bytes that nobody meant, for every parser that the net can reach: ours, and those that we call.
`scripts/fuzz` runs it for as long as one likes.
"""
