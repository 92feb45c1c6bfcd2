"""The texts of the pages in the reader's language, from `web/strings/LANGUAGE.json`.

web/js/page/strings.js describes the form of the texts, and inserts values in the same way as this
module.
"""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from markupsafe import Markup

from server.site.particles import with_particle

LANGUAGES = ("en", "ko")
"""Languages in which the pages are available. Readers of all other languages get the first
language.
"""
COOKIE = "microlive-language"
"""Name of the cookie with the language that the reader has chosen."""
LONGEST = 500
"""Maximum length of an Accept-Language header that the server reads, characters."""

_VALUE = re.compile(r"\{(\w+)(?::([가-힣]+))?\}")
_RANGE = re.compile(
    r"\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q\s*=\s*([01](?:\.\d+)?))?\s*"
)

Translate = Callable[..., str]


def language_of(cookie: str | None, accept_language: str) -> str:
    """Returns the language for a reader: the language that the reader has chosen or, without a
    choice, the language that the browser prefers (RFC 9110 §12.5.4).
    """
    if cookie in LANGUAGES:
        return cookie
    best, best_quality = LANGUAGES[0], 0.0
    for item in accept_language[:LONGEST].split(","):
        found = _RANGE.fullmatch(item)
        if found is None:
            continue
        name = found[1].lower()
        quality = 1.0 if found[2] is None else float(found[2])
        if quality > best_quality and name in LANGUAGES:
            best, best_quality = name, quality
    return best


class Strings:
    """The texts of one language."""

    def __init__(self, language: str, table: dict[str, Any]) -> None:
        self.language = language
        self._table = table
        self._scripts: dict[tuple[str, ...], Markup] = {}

    def t(self, key: str, **values: str | int) -> str:
        """Returns the text for a key such as `room.share`, with `values` in place of the
        placeholders in the text. Raises KeyError if there is no such text or a value is missing.
        """
        text = self._find(key)
        if isinstance(text, dict):
            one = values["count"] == 1 and "one" in text
            text = text["one" if one else "other"]
        if not isinstance(text, str):
            raise KeyError(key)

        def value(found: re.Match[str]) -> str:
            shown = str(values[found[1]])
            return with_particle(shown, found[2]) if found[2] else shown

        return _VALUE.sub(value, text)

    def has(self, key: str) -> bool:
        try:
            self._find(key)
        except KeyError:
            return False
        return True

    def script(self, areas: Iterable[str]) -> Markup:
        """Returns the texts of these areas as JSON, for a `<script type="application/json">`."""
        names = tuple(areas)
        if names not in self._scripts:
            chosen = {name: self._table[name] for name in names}
            text = json.dumps(chosen, ensure_ascii=False, separators=(",", ":"))
            # HTML §4.12.1.3: a `<` could begin a comment, or a tag that ends the script element.
            self._scripts[names] = Markup(text.replace("<", "\\u003c"))
        return self._scripts[names]

    def _find(self, key: str) -> Any:
        found: Any = self._table
        for name in key.split("."):
            if not isinstance(found, dict) or name not in found:
                raise KeyError(key)
            found = found[name]
        return found


def read_strings(web: Path) -> dict[str, Strings]:
    """Returns the texts by language."""
    return {
        language: Strings(
            language, json.loads((web / "strings" / f"{language}.json").read_text("utf-8"))
        )
        for language in LANGUAGES
    }
