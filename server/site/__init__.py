"""What the web pages need besides their HTML: the files with scripts, styles and icons, and the
first frame. The first frame is embedded in the room's page.

This package may import `relay`, `server.settings` and `server.errors`.
"""
