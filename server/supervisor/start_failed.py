"""The error of a server whose processes do not start."""


class StartFailed(Exception):
    """A process ended before all processes served. `lines`: why. `code`: its exit code."""

    def __init__(self, lines: list[str], code: int) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines
        self.code = code
