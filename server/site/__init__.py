"""The parts of the web pages besides their HTML: the files with scripts, styles and icons, and the
first frame, which is embedded in the room's page.

This package may import `relay`, `server.settings` and `server.errors`.
"""
