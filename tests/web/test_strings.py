"""The texts of the pages: complete in both languages, all used, and the only visible words."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from relay.errors import RefusalCode
from server import WEB
from server.http.templates import AREAS
from server.site.strings import LANGUAGES

MAINS = {
    "index.html": "feed.js",
    "explore.html": "explore.js",
    "live.html": "studio.js",
    "room.html": "room.js",
    "me.html": "me.js",
    "handle.html": "handle.js",
    "tag.html": "tag.js",
    "clip.html": "clip.js",
    "replay.html": "replay.js",
}
TEMPLATES = sorted(WEB.glob("*.html"))
MODULES = sorted((WEB / "js").rglob("*.js"))
PLURALS = {"en": {"one", "other"}, "ko": {"other"}}
"""The plural categories of each language (Unicode CLDR)."""


def texts(language: str) -> dict[str, Any]:
    """Returns the texts by key; a text that depends on a number is a dict."""
    table = json.loads((WEB / "strings" / f"{language}.json").read_text("utf-8"))
    return dict(_leaves(table, ""))


def _leaves(table: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, str) or set(value) <= PLURALS["en"]:
            yield prefix + name, value
        else:
            yield from _leaves(value, f"{prefix}{name}.")


def code_of(module: Path) -> str:
    """Returns the module without its comments."""
    text = re.sub(r"/\*.*?\*/", "", module.read_text("utf-8"), flags=re.DOTALL)
    return re.sub(r"(?m)(?<![:'\"`\\])//.*$", "", text)


def literals(code: str) -> list[str]:
    """Returns the string literals of a module; in templates, `${…}` stands for each expression."""
    found = re.findall(r"'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`", code)
    return [re.sub(r"\$\{[^}]*\}", "${…}", quoted or template) for quoted, template in found]


def used_keys() -> tuple[set[str], set[str]]:
    """Returns what the pages may ask for: whole keys, and beginnings of keys."""
    whole: set[str] = set()
    beginnings: set[str] = set()
    for path in TEMPLATES:
        whole |= set(re.findall(r"\bt\('([\w.]+)'", path.read_text("utf-8")))
    for module in MODULES:
        whole |= set(re.findall(r"\bt\('([\w.]+)'", code_of(module)))
        for literal in literals(code_of(module)):
            if re.fullmatch(r"[a-z]\w*(\.\w+)+", literal):
                whole.add(literal)
            elif found := re.match(r"([a-z]\w*\.(?:\w+\.)*)\$\{", literal):
                beginnings.add(found[1])
    for module in (WEB.parent / "server").rglob("*.py"):
        code = module.read_text("utf-8")
        whole |= set(re.findall(r"""\bt\("([\w.]+)\"""", code))
        beginnings |= set(re.findall(r"""f"([a-z]\w*\.(?:\w+\.)*)\{""", code))
    return whole, beginnings


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_is_missing_in_either_language(language: str) -> None:
    mine, english = texts(language), texts("en")
    assert set(mine) == set(english)
    for key, text in mine.items():
        assert isinstance(text, dict) == isinstance(english[key], dict), key
        if isinstance(text, dict):
            assert set(text) == PLURALS[language], key
        assert values_of(text) == values_of(english[key]), key


def values_of(text: Any) -> set[str]:
    words = " ".join(text.values()) if isinstance(text, dict) else text
    return set(re.findall(r"\{(\w+)", words))


def test_particles_stand_only_in_korean() -> None:
    assert not [key for key, text in texts("en").items() if re.search(r"\{\w+:", str(text))]
    known = {"은는", "이가", "을를", "과와", "으로"}
    assert set(re.findall(r"\{\w+:([^}]+)\}", str(texts("ko").values()))) <= known


def test_no_key_is_unused() -> None:
    whole, beginnings = used_keys()
    assert not [
        key for key in texts("en") if key not in whole and not key.startswith(tuple(beginnings))
    ]


def test_every_used_key_exists() -> None:
    areas = {key.partition(".")[0] for key in texts("en")}
    asked = {key for key in used_keys()[0] if key.partition(".")[0] in areas}
    assert asked <= set(texts("en"))


def test_every_refusal_has_words() -> None:
    words = {key for key in texts("en") if key.startswith("refusals.")}
    assert words == {f"refusals.{code.value}" for code in RefusalCode}


def test_every_line_of_a_room_has_words() -> None:
    """The keys of these lines reach the page in events, so no module names the keys."""
    lines = {f"{name}_{state}" for name in ("chat", "followers_only") for state in ("on", "off")}
    for module in (WEB.parent / "server/rooms").rglob("*.py"):
        for call in re.findall(r"\.post_line\((.*)\)", module.read_text("utf-8")):
            lines |= set(re.findall(r'(?<!f)"(\w+)"', call))
    assert {f"chat.line.{line}" for line in lines} == {
        key for key in texts("en") if key.startswith("chat.line.")
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_is_a_sentence(language: str) -> None:
    for key, text in texts(language).items():
        if key.startswith("refusals."):
            assert text.endswith("."), key


@pytest.mark.parametrize("page", MAINS)
def test_a_page_gets_every_text_that_its_scripts_use(page: str) -> None:
    needed: set[str] = set()
    known = {key.partition(".")[0] for key in texts("en")}
    for module in reached_from(WEB / "js" / MAINS[page]):
        for literal in literals(code_of(module)):
            found = re.match(r"([a-z]\w*)\.[\w$]", literal)
            if found and found[1] in known and not literal.endswith(".js"):
                needed.add(found[1])
    assert needed == set(AREAS[page])


def reached_from(main: Path) -> set[Path]:
    """Returns the modules that a page loads, at once or late."""
    found, waiting = {main}, [main]
    while waiting:
        module = waiting.pop()
        for name in re.findall(r"(?:\bfrom |\bimport\()'(\.[^']+)'", code_of(module)):
            path = (module.parent / name).resolve()
            if path.suffix == ".js" and path not in found and "vendor" not in path.parts:
                found.add(path)
                waiting.append(path)
    return found


WORDMARK = {"micro", "live", "microlive", "·", "· microlive"}
VISIBLE = ("aria-label", "placeholder", "alt", "title", "content")
"""Attributes whose values people see or hear."""


class VisibleText(HTMLParser):
    """Collects what a template shows outside of expressions."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent = tag in ("script", "style")
        given = dict(attrs)
        for name in VISIBLE:
            is_word = name != "content" or given.get("name") == "description"
            if is_word and given.get(name):
                self.see(str(given[name]))

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.see(data)

    def see(self, text: str) -> None:
        rest = re.sub(r"\{[{%#].*?[}%#]\}", "", text, flags=re.DOTALL).strip()
        if re.search(r"[^\W\d_]{2}", rest) and rest not in WORDMARK:
            self.found.append(rest)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_no_visible_words(template: Path) -> None:
    parser = VisibleText()
    parser.feed(re.sub(r"\{#.*?#\}", "", template.read_text("utf-8"), flags=re.DOTALL))
    assert parser.found == []


NOT_WORDS = re.compile(
    r"""^(?:
        .*[<=\[\]#{}();:/@].*            # selectors, styles, types, addresses
        | [a-z.]+(?:[ ,>+:-]+[a-z.$…-]+)*  # class names and lists of tags
        | (?:[A-Z][a-z]+)+(?:-[A-Z][a-z]+)*\w*  # names of keys, headers and programming interfaces
        | \$\{…\}.*\$\{…\}               # only expressions
    )$""",
    re.VERBOSE,
)
PROPER = {"WebCodecs", "MSE", "LL-HLS", "WebRTC", "HLS"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_module_holds_no_visible_words(module: Path) -> None:
    """A literal with letters of Hangul or with several words in a row belongs into the strings. The
    reasons that players give are for the console and the statistics, so they are not translated.
    """
    if "watch" in module.relative_to(WEB / "js").parts:
        return
    code = re.sub(r"(?:Error|raise|warn)\([^;]*?\);?", "", code_of(module))
    code = re.sub(r"\bt\([^)]*\)", "", code)
    found = [
        literal
        for literal in literals(code)
        if re.search(r"[가-힣]{2}", literal)
        and module.stem != "particles"
        or (re.search(r"\b[A-Za-z]{2,},? [a-z]{2,}\b", literal) and not NOT_WORDS.match(literal))
    ]
    assert [literal for literal in found if literal not in PROPER] == []
