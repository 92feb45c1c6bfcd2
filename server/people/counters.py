"""Totals about people and their cookies. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class PeopleCounters:
    """Totals since the process began."""

    guests: int = 0
    """Number of new guests. Most guests write nothing and are never stored."""
    stored: int = 0
    """Number of people who were stored."""
    refused_cookies: int = 0
    """Number of requests whose cookie is forged, malformed, expired or signed by a retired key."""
    signed_out: int = 0
    """Number of requests with the cookie of a device that was signed out."""
    passkey_sign_ins: int = 0
    transfers: int = 0
    recoveries: int = 0
    """Number of browsers that were signed in with a passkey, a transfer code or a recovery code."""
    wrong_credentials: int = 0
    """Number of passkey answers that were refused."""
    wrong_codes: int = 0
    """Number of transfer codes and recovery codes that were refused."""
    deleted: int = 0
    """Number of people whom this process has deleted at their own request."""
