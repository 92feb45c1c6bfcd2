"""The static site: the scripts and styles of the pages, and the data inside a page, which the
browser has before its first request.

This package may import `relay` and the vocabulary of `server`.
"""
