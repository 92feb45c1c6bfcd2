"""Totals of what visitors sent as people. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class PeopleCounters:
    """Totals since the process began."""

    guests: int = 0
    """Number of new guests. Most of them write nothing and are never stored."""
    stored: int = 0
    """Number of people who were stored."""
    refused_cookies: int = 0
    """Number of requests with a cookie that is forged, malformed, expired or of a retired key."""
    signed_out: int = 0
    """Number of requests with the cookie of a device that was signed out."""
