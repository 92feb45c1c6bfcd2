"""The static site: scripts and styles of the pages, and the data that a page contains before its
first request.

May import `relay` and the vocabulary of `server`.
"""
