"""Errors of `scripts/plan`. Their text is one line. Pure."""


class BadInput(Exception):
    """Raised if a world or a file of results cannot be used."""
