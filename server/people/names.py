"""The rules for names and handles. Pure.

A name is what a person is called; names need not be unique. A handle is unique: no two people have
handles with the same key or the same skeleton.

Names and handles follow PRECIS (RFC 8264). A name satisfies the profile Nickname (RFC 8266). A
handle also satisfies the profile Username (RFC 8265). The tables of `unicodedata2` are newer than
Python's tables.
"""

import string
from dataclasses import dataclass
from itertools import groupby

from precis_i18n import get_profile

from relay.errors import RefusalCode
from server.errors import Unprocessable
from server.people.characters import category, count_graphemes, tables
from server.people.emoji import around_emoji, without_emoji
from server.people.reserved import is_reserved_handle, is_reserved_name
from server.people.skeleton import key_of, skeleton_of

MAX_GRAPHEMES, MAX_BYTES = 30, 160
"""Maximum size of a name: characters as people count them, and bytes in UTF-8."""
MAX_HANDLE_GRAPHEMES, MAX_HANDLE_BYTES = 24, 120
MAX_MARKS = 4
"""Maximum number of consecutive combining marks. Hebrew and Tibetan need up to 4."""
MAX_INPUT = 1_000
"""Maximum length of a text that is examined, characters. A longer text is refused."""
BLANK = "\u2800\ufffc\ufffd\U0001d159"
"""Symbols that PRECIS accepts although they are invisible or drawn as a missing character."""
PUNCTUATION = "._-"
"""The ASCII punctuation of handles."""

_nickname = get_profile("NicknameCasePreserved", unicodedata=tables)
_username = get_profile("UsernameCasePreserved", unicodedata=tables)


@dataclass(frozen=True, slots=True)
class Handle:
    """A valid handle."""

    shown: str
    """The handle as its owner wrote it, normalised."""
    key: str
    """Text that is equal for handles that differ only in case, in full-width and half-width forms,
    or in the style of emoji.
    """
    skeleton: str
    """Text that is equal for handles that look alike."""


def read_name(text: object) -> str:
    """Returns a name in the form in which it is shown. Raises Unprocessable."""
    name = _read(text, MAX_GRAPHEMES, MAX_BYTES)
    if is_reserved_name(name):
        raise _reserved()
    return name


def read_handle(text: object) -> Handle:
    """Returns the handle in a text. An `@` before the handle is ignored. Raises Unprocessable."""
    given = text.strip().removeprefix("@") if isinstance(text, str) else text
    shown = _read(given, MAX_HANDLE_GRAPHEMES, MAX_HANDLE_BYTES)
    _require_handle(shown)
    if is_reserved_handle(shown):
        raise _reserved()
    return Handle(shown, key_of(shown), skeleton_of(shown))


def numbered(name: str, person: str) -> str:
    """Returns the name with a number, such as `Dark#27`, for a person whose name looks like the
    handle of another person. The number depends on the person only.
    """
    return f"{name}#{sum(person.encode()) % 90 + 10}"


def _read(text: object, graphemes: int, size: int) -> str:
    if not isinstance(text, str):
        raise _bad("a name is a string")
    if len(text) > MAX_INPUT:
        raise _too_long(graphemes)
    try:
        name = around_emoji(text, _nickname.enforce)
        encoded = name.encode()
    except UnicodeEncodeError as error:
        raise _bad("a name cannot be empty, or contain invisible or control characters") from error
    if len(encoded) > size or count_graphemes(name) > graphemes:
        raise _too_long(graphemes)
    _require_readable(name)
    return name


def _require_readable(name: str) -> None:
    categories = [category(character)[0] for character in name]
    runs = [len(list(run)) for kind, run in groupby(categories) if kind == "M"]
    if categories[0] == "M" or max(runs, default=0) > MAX_MARKS:
        raise _bad("a name cannot have accents without a letter, or a pile of accents")
    if any(character in BLANK for character in name):
        raise _bad("a name cannot contain characters that show nothing")


def _require_handle(shown: str) -> None:
    text = without_emoji(shown)
    refused = set(string.punctuation) - set(PUNCTUATION)
    try:
        valid = not text or _username.enforce(text) == text
    except UnicodeEncodeError:
        valid = False
    if not valid or not refused.isdisjoint(text):
        raise _bad(f"a handle has letters, digits, emoji and {' '.join(PUNCTUATION)} only")
    if not shown.strip(PUNCTUATION) or shown[0] in ".-" or shown[-1] in ".-":
        raise _bad("a handle begins and ends with a letter, a digit, an emoji or _")


def _bad(text: str) -> Unprocessable:
    return Unprocessable(RefusalCode.BAD_NAME, text)


def _too_long(graphemes: int) -> Unprocessable:
    return Unprocessable(RefusalCode.NAME_TOO_LONG, f"the name is over {graphemes} characters")


def _reserved() -> Unprocessable:
    return Unprocessable(
        RefusalCode.NAME_RESERVED, "this name is reserved: it would pass for the operator"
    )
