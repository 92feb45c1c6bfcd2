"""The server: rooms, publishers, storage, the HTTP interface (server/API.md) and the command line.

Media goes through `relay`, which does not know about rooms. This package may import `relay`, never
`scripts`. Only app.py and composition/ put the parts together.
"""

from pathlib import Path

from relay.compiled import COMPILED

__version__ = "0.2.0"

FORM = "compiled" if COMPILED else "pure"
"""Whether the modules on the path of a frame run compiled."""

WEB = Path(__file__).resolve().parent.parent / "web"
"""The folder of the web pages, next to this package."""
