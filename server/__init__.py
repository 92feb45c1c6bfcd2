"""Rooms, publishers, the HTTP interface (server/API.md) and the command line. Uses `relay`."""

from pathlib import Path

__version__ = "0.2.0"

WEB = Path(__file__).resolve().parent.parent / "web"
"""The folder of the web pages, next to this package."""
