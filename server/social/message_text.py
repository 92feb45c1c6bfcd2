"""The text of a chat message: the rules for what a person writes, and the form that is stored.
Pure.

A text contains no markup: pages must show each character as it is.
"""

import unicodedata

import regex  # type: ignore[import-untyped]

from relay.errors import RefusalCode
from server.errors import Unprocessable

MAX_CLUSTERS = 300
"""Maximum number of grapheme clusters (UAX 29), that is, of characters as people count them."""
MAX_BYTES = 1_200
"""Maximum size in UTF-8, bytes. An emoji of a family is one cluster of 25 bytes."""
MAX_RAW = 4 * MAX_BYTES
"""Maximum size in UTF-8 of the text as the client sent it, bytes. Parts that are not stored count
too.
"""
MAX_MARKS = 4
"""Maximum number of combining marks on one character. Real scripts stack fewer marks; a tower of
marks would cover the messages above and below.
"""

# U+200E, U+200F and U+061C set the direction at one position. They are kept, because Arabic and
# Hebrew texts need them. Embeddings, overrides and isolates are dropped, because they would change
# the direction of the rest of the page.
_DROPPED = regex.compile(
    r"[\p{Cc}\p{Noncharacter_Code_Point}]"
    r"|[\u202A-\u202E\u2066-\u2069]"
    r"|[\uFEFF\uFFF9-\uFFFC\U0001D173-\U0001D17A]"
    r"|(?<![\U0001F3F4\U000E0020-\U000E007F])[\U000E0000-\U000E007F]+",  # tags, but not in flags
    regex.VERSION1,
)
_SPACES = regex.compile(r"[\s\u2028\u2029]+")
_MARKS = regex.compile(rf"(\p{{M}}{{{MAX_MARKS}}})\p{{M}}+")
_INVISIBLE = regex.compile(r"[\s\p{Cf}\p{M}\u115F\u1160\u3164\uFFA0\u2800]*")
_CLUSTER = regex.compile(r"\X")


def read_text(value: str) -> str:
    """Returns the text to store: one line in Unicode normalisation form C, without control
    characters and text direction controls, with at most MAX_MARKS combining marks on one character.

    Raises Unprocessable if the text is empty, too long or not valid Unicode.
    """
    try:
        size = len(value.encode())
    except UnicodeEncodeError as error:
        raise Unprocessable(
            RefusalCode.BAD_MESSAGE, "the text has half a surrogate pair: send valid Unicode"
        ) from error
    if size > MAX_RAW:
        raise _too_long()
    text = clean_text(value)
    if _INVISIBLE.fullmatch(text):
        raise Unprocessable(RefusalCode.EMPTY_MESSAGE, "the message has no visible text")
    if len(text.encode()) > MAX_BYTES or count_clusters(text) > MAX_CLUSTERS:
        raise _too_long()
    return text


def clean_text(value: str) -> str:
    """Returns a text in the form that is stored: see `read_text`. The result may be empty."""
    if value.isascii() and value.isprintable():  # the rules below change only its spaces
        return " ".join(value.split())
    # Line breaks are controls too, so they become spaces before controls are dropped. Afterwards,
    # adjacent spaces become one.
    text = _SPACES.sub(" ", _DROPPED.sub("", _SPACES.sub(" ", value))).strip()
    return str(_MARKS.sub(r"\1", unicodedata.normalize("NFC", text)))


def count_clusters(text: str) -> int:
    """Returns the number of grapheme clusters. For a text of at most MAX_CLUSTERS code points,
    returns the number of code points, which is at least as high as the number of clusters.
    """
    return len(text) if len(text) <= MAX_CLUSTERS else len(_CLUSTER.findall(text))


def shorten(text: str, clusters: int) -> str:
    """Returns the first `clusters` grapheme clusters, with an ellipsis if the text is longer."""
    if len(text) <= clusters:
        return text
    end = 0
    for number, cluster in enumerate(_CLUSTER.finditer(text)):
        if number == clusters:
            return text[:end].rstrip() + "…"
        end = cluster.end()
    return text


def _too_long() -> Unprocessable:
    return Unprocessable(
        RefusalCode.MESSAGE_TOO_LONG,
        f"the message is over {MAX_CLUSTERS} characters or {MAX_BYTES} bytes",
    )
