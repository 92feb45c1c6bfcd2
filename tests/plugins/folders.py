"""The folder that a test belongs to."""

from pathlib import PurePosixPath


def folder_of(nodeid: str) -> str:
    """The folder directly below tests/, such as tests/e2e; tests for a file directly in it."""
    folders = PurePosixPath(nodeid.partition("::")[0]).parts[:-1]
    return "/".join(folders[:2])
