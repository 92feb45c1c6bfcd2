"""Whether compiled modules run, or only sources. The first import of `relay` decides this.

A compiled wheel has extension modules beside some sources
(scripts/build_backend/compiled_modules.py). Python prefers an extension module to the source of the
same name. Extension modules that this machine cannot load would end every import, so this module
then lets Python find sources only.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType

VARIABLE = "MICROLIVE_PURE"
"""Environment variable: with any value but 0, only sources run."""
_SHARED = "_compiled__mypyc"
"""Name of the extension module, in this folder, that all other extension modules need."""


class SourceFinder(MetaPathFinder):
    """Finds the modules inside `relay` and `server` as sources, never as extension modules."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if path is None or not name.startswith(("relay.", "server.")):
            return None
        for folder in path:
            spec = FileFinder(folder, (SourceFileLoader, SOURCE_SUFFIXES)).find_spec(name)
            if spec is not None and spec.loader is not None:
                return spec
        return None


def _problem() -> str | None:
    """Returns why the compiled modules do not run; None if they run. Empty for a pure wheel and for
    a checkout, which have none.
    """
    found = [path.name for path in Path(__file__).parent.glob(f"{_SHARED}.*")]
    if not found:
        return ""
    if os.environ.get(VARIABLE, "0") not in ("", "0"):
        return f"{VARIABLE} is set"
    try:
        import_module(f"relay.{_SHARED}")
    except ModuleNotFoundError:
        return f"they are for another Python: {found[0]}"
    except ImportError as error:
        return f"they cannot be loaded: {error}"
    return None


PROBLEM = _problem()
"""Why the compiled modules do not run; None if they run, empty if there are none."""
COMPILED = PROBLEM is None
if PROBLEM:
    sys.meta_path.insert(0, SourceFinder())
