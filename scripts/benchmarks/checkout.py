"""A working copy of the project with its own environment."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


class CheckoutFailed(Exception):
    """A revision could not be checked out or installed; the text says why."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A folder with the source and the Python that runs it."""

    name: str
    root: Path
    python: Path


HERE = Checkout("this checkout", ROOT, Path(sys.executable))


@contextmanager
def worktree(revision: str) -> Iterator[Checkout]:
    """Checks `revision` out into a temporary git worktree, and installs the revision there with its
    own scripts/venv. Removes the worktree and its environment at the end. Raises CheckoutFailed.
    """
    commit = _run("git", "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    with tempfile.TemporaryDirectory(prefix="microlive-beside-") as folder:
        root = Path(folder) / "checkout"
        _run("git", "worktree", "add", "--quiet", "--detach", str(root), commit)
        try:
            _run(str(root / "scripts" / "venv"), "load")
            yield Checkout(f"{revision} ({commit[:9]})", root, root / ".venv" / "bin" / "python")
        finally:
            _run("git", "worktree", "remove", "--force", str(root))


def _run(*words: str) -> str:
    """Runs a program in this checkout and returns its output. Raises CheckoutFailed."""
    try:
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    except OSError as error:
        raise CheckoutFailed(f"{words[0]}: {error.strerror}") from error
    if done.returncode:
        said = done.stderr.strip()[-400:] or f"exit code {done.returncode}"
        raise CheckoutFailed(f"{' '.join(words)}: {said}")
    return done.stdout.strip()
