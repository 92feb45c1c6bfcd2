"""The static site: scripts and styles of the pages, and what a page is given before its first
request.

May import `relay` and the vocabulary of `server`.
"""
