"""One of several processes that are one server together (`--processes`)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Process:
    """This process, if the server has several."""

    number: int
    """From 0."""
    count: int
    """The number of processes of the server."""
    name: str
    """Id of this process in the database."""
    lock: int
    """File descriptor with which the parent process has locked the data directory."""
