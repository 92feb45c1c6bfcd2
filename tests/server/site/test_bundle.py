"""A page's modules as one: order, names, what stays apart, and what is refused."""

import json
import subprocess
from pathlib import Path

import pytest

from server import WEB
from server.http.pages import PAGES, _read_files
from server.site.bundle import BundleError, bundle


def run(folder: Path, *scripts: str) -> object:
    """What the scripts call `tell` with, run by Node.js one after the other."""
    program = folder / "program.cjs"
    program.write_text(
        "\n".join(["const tell = (value) => console.log(JSON.stringify(value));", *scripts])
    )
    return json.loads(
        subprocess.run(
            ["node", str(program)], check=True, capture_output=True, text=True, timeout=30
        ).stdout
    )


def test_modules_keep_their_scopes_and_share_what_they_export(tmp_path: Path) -> None:
    """Names repeat between modules, exports are renamed or taken whole, and a module that two
    import runs once.
    """
    sources = {
        "main.js": "import { next as step, Counter } from './a/one.js';\nimport * as two from "
        "'./a/two.js';\nconst own = 'main';\n"
        "tell([own, step(), two.twice(), new Counter().kind]);\n",
        "a/one.js": (
            "let count = 0;\nconst own = 'one';\nexport function next() {\n  return own + "
            "++count;\n}\nexport class Counter {\n  kind = 'class';\n}\n"
        ),
        "a/two.js": (
            "import {\n  next,\n} from './one.js';\nexport const twice = () => next() + next();\n"
        ),
    }
    assert run(tmp_path, bundle(sources, "main.js")) == ["main", "one1", "one2one3", "class"]


def test_what_stays_apart_is_shared(tmp_path: Path) -> None:
    """A module with a script of its own runs once, and is found by its global name."""
    sources = {
        "main.js": "import { here } from './first/it.js';\ntell(here);\n",
        "first/it.js": "export const here = 'apart';\n",
    }
    script = bundle(sources, "main.js", apart={"first/it.js": "firstScript"})
    assert "apart" not in script
    assert run(tmp_path, bundle(sources, "first/it.js", known_as="firstScript"), script) == "apart"


def test_late_imports_are_found_from_the_bundle() -> None:
    """Their paths are of the module that has them; the bundle stands elsewhere."""
    text = bundle(
        {
            "main.js": "import { f } from './a/b.js';\nf();\n",
            "a/b.js": "export const f = () => import('../c/d.js');\n",
        },
        "main.js",
    )
    assert "import('./c/d.js')" in text


@pytest.mark.parametrize(
    ("sources", "complaint"),
    [
        ({"main.js": "import { x } from './gone.js';\n"}, "there is no module gone.js"),
        (
            {
                "main.js": "import { x } from './b.js';\n",
                "b.js": "import { y } from './main.js';\nexport const x = 1;\n",
            },
            "import each other: main.js → b.js → main.js",
        ),
        ({"main.js": "export default 1;\n"}, "main.js: not understood: export default 1;"),
        ({"main.js": "import x from './b.js';\n", "b.js": ""}, "main.js: not understood: import x"),
    ],
)
def test_what_is_not_understood_is_refused(sources: dict[str, str], complaint: str) -> None:
    """At the start of the server, by name."""
    with pytest.raises(BundleError, match=complaint):
        bundle(sources, "main.js")


def test_every_page_asks_for_its_bundle_and_no_module_besides() -> None:
    """A template that names a module of its own would fetch it twice, or late."""
    files = _read_files()
    for page, template in zip(PAGES, ("index.html", "live.html", "room.html"), strict=True):
        html = (WEB / template).read_text()
        asked = {
            part.partition('"')[0]
            for part in html.split("{{ assets }}/")[1:]
            if part.partition('"')[0].endswith(".js")
        }
        assert asked == {f"js/{page}.bundle.js"}
        assert asked <= files.keys()
