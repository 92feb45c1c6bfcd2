"""A page's modules as one file, so that a viewer's first picture waits for one request and not for
eighteen. Pure: sources in, source out.

The result is a classic script: a browser runs one as soon as it is there, where it would put a
module behind its first layout. It understands the module syntax that `web/js` uses and refuses any
other, at the start of the server and not in somebody's browser. Each module keeps its own scope.
"""

import posixpath
import re
from collections.abc import Mapping

_IMPORT = re.compile(
    r"^import\s+(?:(\{[^}]*\})|\*\s+as\s+(\w+))\s+from\s+'(\.[^']+)';$", re.MULTILINE
)
_EXPORT = re.compile(
    r"^export\s+(?=(?:async\s+)?(?:function\b\*?|class|const)\s+(\w+))", re.MULTILINE
)
_AS = re.compile(r"(\w+)\s+as\s+(\w+)")
_LATE = re.compile(r"\bimport\('(\.[^']+)'\)")
"""A module fetched when it is needed; in comments, where types stand like that, the change does no
harm.
"""
_LEFT = re.compile(r"^(?:import|export)\b(?!\().*$", re.MULTILINE)


class BundleError(Exception):
    """A module that is missing, imports in a circle, or is written in a way that this does not
    understand.
    """


def bundle(
    sources: Mapping[str, str],
    main: str,
    *,
    apart: Mapping[str, str] | None = None,
    known_as: str | None = None,
) -> str:
    """The module `main` and all that it imports as one script, to be served from the root of
    `sources`, whose names are paths there.

    With `known_as` it leaves the exports of `main` in a global variable of that name; modules in
    `apart` are taken from theirs instead of being copied in.
    """
    apart = apart or {}
    order: list[str] = []
    _collect(sources, main, apart, order, [])
    names = {name: f"module{number}" for number, name in enumerate(order)}
    script = [_wrap(sources, name, {**names, **apart}) for name in order]
    if known_as:
        script.append(f"globalThis.{known_as} = {names[main]};")
    return "\n".join(["(() => {", "'use strict';", *script, "})();", ""])


def _collect(
    sources: Mapping[str, str],
    name: str,
    apart: Mapping[str, str],
    order: list[str],
    path: list[str],
) -> None:
    """Puts a module behind all that it imports."""
    if name in path:
        raise BundleError(f"modules import each other: {' → '.join([*path, name])}")
    if name in order or name in apart:
        return
    for imported in _imports(sources, name):
        _collect(sources, imported, apart, order, [*path, name])
    order.append(name)


def _imports(sources: Mapping[str, str], name: str) -> list[str]:
    if name not in sources:
        raise BundleError(f"there is no module {name}")
    return [_resolve(name, found[3]) for found in _IMPORT.finditer(sources[name])]


def _renamed(found: re.Match[str]) -> str:
    return f"{found[1]}: {found[2]}"


def _resolve(importer: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), path))


def _wrap(sources: Mapping[str, str], name: str, names: Mapping[str, str]) -> str:
    def imported(found: re.Match[str]) -> str:
        module = names[_resolve(name, found[3])]
        if found[2]:
            return f"const {found[2]} = {module};"
        return f"const {_AS.sub(_renamed, found[1])} = {module};"

    exports = _EXPORT.findall(sources[name])
    body = _EXPORT.sub("", _IMPORT.sub(imported, sources[name]))
    body = _LATE.sub(lambda found: f"import('./{_resolve(name, found[1])}')", body)
    if left := _LEFT.search(body):
        raise BundleError(f"{name}: not understood: {left[0]}")
    return f"const {names[name]} = (() => {{\n{body}\nreturn {{ {', '.join(exports)} }};\n}})();"
