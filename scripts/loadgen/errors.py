"""What ends a run. The text is the one line that is shown."""


class BadInput(Exception):
    """Nothing could be tested as it was asked for: exit code 2."""


class ServerGone(BadInput):
    """The server went away during the test: exit code 2, and the report so far is kept."""
