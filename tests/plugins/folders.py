"""The folder that a test belongs to."""

from functools import cache
from pathlib import PurePosixPath


@cache
def folder_of(nodeid: str) -> str:
    """The folder directly below tests/, such as tests/e2e. For a file directly in tests/: tests."""
    folders = PurePosixPath(nodeid.partition("::")[0]).parts[:-1]
    return "/".join(folders[:2])
