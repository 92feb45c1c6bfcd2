"""The static parts of the web pages: scripts, styles and icons, and the first frame, which is
embedded in the room's page.

This package may import `relay`, `server.settings` and `server.errors`.
"""
