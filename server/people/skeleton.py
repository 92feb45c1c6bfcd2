"""Which names count as the same name, and which look the same. Pure."""

from disarm import skeleton_key

from server.people.characters import nfkc

JOINERS = dict.fromkeys(map(ord, "\ufe0e\ufe0f\u200c\u200d"))
"""Invisible characters. The first two choose the style of an emoji. The other two separate or join
characters. The key of a name ignores these characters, because people do not type them.
"""


def key_of(name: str) -> str:
    """Returns the key of a valid name. Names with the same key count as the same name: the key
    ignores case, full-width and half-width forms, and the style of emoji.
    """
    return nfkc(nfkc(name).translate(JOINERS).casefold())


def skeleton_of(name: str) -> str:
    """Returns the skeleton of a valid name (UTS 39 §4). Names with the same skeleton look alike,
    for example `Dark` with a Latin and with a Cyrillic `a`.
    """
    # UTS 39 maps `m` to `rn`; the library `disarm` does not.
    skeleton = skeleton_key(name, digit_policy="tr39").replace("m", "rn")
    return skeleton or key_of(name)
