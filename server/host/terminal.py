"""The terminal in which the server was started."""

import os


class Terminal:
    """The controlling terminal of this process at its start, if it had one (credentials(7))."""

    def __init__(self) -> None:
        self._present = _is_open()

    @property
    def closed(self) -> bool:
        """Whether the terminal was closed since: the kernel then sends SIGHUP. Otherwise another
        program has sent it.
        """
        return self._present and not _is_open()


def _is_open() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
