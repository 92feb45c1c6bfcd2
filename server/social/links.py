"""Finds links in the text of messages. Pure."""

import re
import unicodedata

_LINK = re.compile(
    r"[a-z][a-z0-9+.-]{1,15}://\S"  # a scheme and an authority
    r"|(?<![\w@.-])(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])",  # a host name
    re.IGNORECASE,
)
"""A link is a URL with a scheme, or a host name whose top level consists of letters. `3.5`,
`wait...` and an e-mail address are no links.
"""


def has_link(text: str) -> bool:
    """Whether a reader or a program could take a part of the text for a link."""
    dots = unicodedata.normalize("NFKC", text).replace("。", ".")
    return _LINK.search(dots) is not None
