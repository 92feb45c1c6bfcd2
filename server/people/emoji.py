"""Emoji in names. Pure.

PRECIS refuses keycaps and the characters that join emoji into a sequence (U+FE0F, U+200D). The
emoji of a name are therefore replaced before PRECIS reads the name, and put back afterwards.
"""

from collections.abc import Callable

import regex  # type: ignore[import-untyped]

STAND_IN = "\u2603"
"""Character that replaces an emoji. PRECIS leaves this character unchanged, and normalisation turns
no other character into it.
"""
MAX_ELEMENTS = 4
"""Maximum number of emoji that U+200D joins into one sequence. No sequence in use has more (UTS
51).
"""

_FLAGS = "|".join(
    "".join(chr(0xE0000 + ord(letter)) for letter in region)
    for region in ("gbeng", "gbsct", "gbwls")
)
# UTS 51 §1.4.9. A character whose default is the text style counts as an emoji only if U+FE0F or a
# skin tone follows, or if the character is part of a sequence. Single Hangul letters are treated
# like emoji, because normalisation would turn these letters into old Hangul, which PRECIS refuses.
_SINGLE = r"[\p{Emoji}--[0-9#*]--\p{Regional_Indicator}]"
_FIRST = rf"(?:\p{{Emoji_Presentation}}[\uFE0F\p{{Emoji_Modifier}}]?|{_SINGLE}[\uFE0F\p{{EMod}}])"
_EMOJI = regex.compile(
    rf"""
    \U0001F3F4(?:{_FLAGS})\U000E007F
    | \p{{Regional_Indicator}}{{2}}
    | [0-9#*]\uFE0F?\u20E3
    | (?:{_FIRST}|{_SINGLE}(?=\u200D))
      (?:\u200D{_SINGLE}[\uFE0F\p{{Emoji_Modifier}}]?){{0,{MAX_ELEMENTS - 1}}}
    | [\u3131-\u3163\u3165-\u318E]
    | {STAND_IN}
    """,
    regex.VERSION1 | regex.VERBOSE,
)


def around_emoji(text: str, change: Callable[[str], str]) -> str:
    """Applies `change` to the text, but keeps every emoji unchanged. `change` must keep the number
    and the order of the characters STAND_IN.
    """
    kept = iter(_EMOJI.findall(text))
    changed = change(_EMOJI.sub(STAND_IN, text))
    return "".join(next(kept) if character == STAND_IN else character for character in changed)


def without_emoji(text: str) -> str:
    return str(_EMOJI.sub("", text))
