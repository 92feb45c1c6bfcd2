"""Errors that end a run. Their text is printed."""


class BadInput(Exception):
    """Raised if the requested test is not possible. The exit code is 2."""


class ServerGone(BadInput):
    """Raised if the server went away during the test. The exit code is 2; the report of the run so
    far is kept.
    """
