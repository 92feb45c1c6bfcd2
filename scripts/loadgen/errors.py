"""Errors that end a run. Their text is printed."""


class BadInput(Exception):
    """The requested test is not possible: exit code 2."""


class ServerGone(BadInput):
    """The server went away during the test: exit code 2; the report so far is kept."""
