"""Versions of the programs that are compared."""

import re
import shutil
import subprocess
from pathlib import Path

from scripts.benchmarks.peers.servers import Server

WITHIN = 30.0
REVISION = re.compile(r"^\s*build\s+vcs\.revision=(\w{9})", re.MULTILINE)


def version_of(server: Server, program: Path) -> str:
    """Returns the version that the program states, and the revision of its source: the one that the
    Go compiler wrote into it, or that of the checkout with the program's Python environment.
    Returns an empty text if all are unknown.
    """
    stated = _first_line(_output(str(program), *server.version)) if server.version else ""
    return ", ".join(text for text in (stated, _source(program)) if text)


def _source(program: Path) -> str:
    go = shutil.which("go")
    if go is not None and (found := revision(_output(go, "version", "-m", str(program)))):
        return found
    checkout = program.parent.parent.parent
    if (checkout / ".git").exists():
        return (
            f"revision {_first_line(_output('git', '-C', str(checkout), 'rev-parse', 'HEAD'))[:9]}"
        )
    return ""


def revision(build: str) -> str:
    """Returns the revision in the output of `go version -m`, or an empty text."""
    found = REVISION.search(build)
    return f"revision {found[1]}" if found else ""


def _first_line(output: str) -> str:
    return next(iter(output.strip().splitlines()), "").strip()


def _output(*words: str) -> str:
    """Returns what a program writes. Returns an empty text if it fails."""
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=WITHIN, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout or done.stderr if done.returncode == 0 else ""
