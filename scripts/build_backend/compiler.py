"""Compiles modules with mypyc, for a wheel. mypyc writes C from the annotated source.

The extension modules lie beside the sources. Where they do not load, Python runs the sources
(relay/compiled.py).
"""

import os
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from setuptools._distutils.ccompiler import new_compiler
from setuptools._distutils.sysconfig import customize_compiler

from compiled_modules import MODULES

MYPY = "mypy>=2.4,<3"
"""The requirement of a build that compiles. mypyc is part of mypy."""
GROUP = "relay._compiled"
"""Name of the extension module that has the code of all modules. mypyc appends `__mypyc`. The other
extension modules only load it.
"""
FLAGS = (
    # The same types wherever the wheel is built: no configuration, no packages of the environment.
    "--config-file=",
    "--no-site-packages",
    "--ignore-missing-imports",
    "--follow-imports=silent",
    "--explicit-package-bases",
)


def problem() -> str | None:
    """Returns why the modules cannot be compiled here; None if they can."""
    if os.environ.get("MICROLIVE_PURE", "0") not in ("", "0"):
        return "MICROLIVE_PURE is set"
    if sys.implementation.name != "cpython":
        return f"mypyc does not support {sys.implementation.name}"
    with TemporaryDirectory() as folder:
        program = Path(folder, "program.c")
        program.write_text("#include <Python.h>\n")
        try:
            compiler = new_compiler()
            customize_compiler(compiler)
            compiler.compile(
                [str(program)], output_dir=folder, include_dirs=[sysconfig.get_path("include")]
            )
        except Exception as error:  # the classes differ between versions of setuptools
            return f"no C compiler works: {error}"
    return None


def extensions(folder: Path) -> list[Any]:
    """Returns the extension modules, as setuptools takes them. Writes the C files to `folder`.

    Raises ImportError if mypy is not installed, SystemExit if it refuses a module.
    """
    from mypyc.build import mypycify

    paths = [f"{name.replace('.', '/')}.py" for name in MODULES]
    made: list[Any] = mypycify(
        [*FLAGS, *paths], opt_level="2", debug_level="0", group_name=GROUP, target_dir=str(folder)
    )
    return made
