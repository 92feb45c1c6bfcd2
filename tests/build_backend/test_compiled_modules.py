"""The list of modules that a wheel contains in compiled form."""

import ast
import runpy
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

import relay
from relay.compiled import COMPILED

ROOT = Path(__file__).resolve().parents[2]
LISTED: tuple[str, ...] = runpy.run_path(str(ROOT / "scripts/build_backend/compiled_modules.py"))[
    "MODULES"
]


def source_of(name: str) -> Path:
    return ROOT / f"{name.replace('.', '/')}.py"


def test_each_module_is_listed_once() -> None:
    assert list(LISTED) == sorted(set(LISTED))


def compiled_bases(name: str) -> list[str]:
    """The classes of listed modules from which a class of another module inherits."""
    tree = ast.parse(source_of(name).read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in LISTED
        for alias in node.names
    }
    bases = [
        base for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for base in node.bases
    ]
    return [base.id for base in bases if isinstance(base, ast.Name) and base.id in imported]


def test_no_other_module_inherits_from_a_class_of_a_listed_module() -> None:
    """An interpreted class cannot inherit from a compiled class."""
    others = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for building in ("relay", "server")
        for path in (ROOT / building).rglob("*.py")
    } - set(LISTED)
    assert {name: bases for name in others if (bases := compiled_bases(name))} == {}


@pytest.mark.parametrize("name", LISTED)
def test_a_listed_module_can_be_compiled(name: str) -> None:
    """`python -m` cannot run a compiled module."""
    text = source_of(name).read_text(encoding="utf-8")
    assert "__main__" not in text and not source_of(name).name.startswith("__")


def test_the_listed_modules_run_compiled_or_none_of_them() -> None:
    """Compiled in a wheel, from source in this checkout."""
    files = {name: str(import_module(name).__file__) for name in LISTED}
    compiled = {name for name, file in files.items() if file.endswith(tuple(EXTENSION_SUFFIXES))}
    assert compiled == (set(LISTED) if COMPILED else set())
    assert COMPILED == (Path(relay.__file__).parents[1] != ROOT)
