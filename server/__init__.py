"""The upper building: creators, rooms, the HTTP interface (server/API.md) and the command line. It
stands on `relay`.
"""

from pathlib import Path

__version__ = "0.2.0"

WEB = Path(__file__).resolve().parent.parent / "web"
"""The folder of the page: beside this package, in a checkout as in site-packages."""
