"""What a person writes on the own page: a bio, and one link. Pure.

A bio contains no markup: pages must show each character as it is.
"""

import re
from urllib.parse import quote, urlsplit, urlunsplit

from relay.errors import RefusalCode
from server.errors import Unprocessable
from server.social.message_text import clean_text, count_clusters

MAX_BIO = 300
"""Maximum number of characters of a bio, as people count them."""
MAX_BIO_BYTES = 1_200
MAX_LINK = 200
"""Maximum length of a link in the form that is stored, characters."""
MAX_INPUT = 5_000
"""Maximum length of a text that is examined, characters."""

_KEPT = "/?:@!$&'()*+,;=~-._%"
"""Characters after the host that are stored as they are."""
_HOST = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d)")


def read_bio(value: object) -> str:
    """Returns a bio in the form that is stored: one line, without control characters. Raises
    Unprocessable.
    """
    if not isinstance(value, str):
        raise Unprocessable(RefusalCode.BAD_BIO, "the bio is a text")
    if len(value) > MAX_INPUT:
        raise _too_long()
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise Unprocessable(
            RefusalCode.BAD_BIO, "the bio has half a surrogate pair: send valid Unicode"
        ) from error
    text = clean_text(value)
    if len(text.encode()) > MAX_BIO_BYTES or count_clusters(text) > MAX_BIO:
        raise _too_long()
    return text


def read_link(value: object) -> str:
    """Returns a link in the form that is stored: an https URL in ASCII; empty for no link. A text
    without a scheme counts as an https URL. Raises Unprocessable.
    """
    if not isinstance(value, str):
        raise _bad_link()
    text = value.strip()
    if not text:
        return ""
    if len(text) > MAX_INPUT or not text.isprintable() or " " in text:
        raise _bad_link()
    try:
        stored = _in_ascii(text if _SCHEME.match(text) else f"https://{text}")
    except ValueError as error:  # also UnicodeError, of a host that IDNA refuses
        raise _bad_link() from error
    if len(stored) > MAX_LINK:
        raise _bad_link()
    return stored


def _in_ascii(url: str) -> str:
    """Returns an https URL without a user name. Raises ValueError if the URL is another one."""
    parts = urlsplit(url)
    host = (parts.hostname or "").encode("idna").decode()
    if parts.scheme != "https" or "@" in parts.netloc or not _HOST.fullmatch(host):
        raise ValueError(url)
    authority = host if parts.port is None else f"{host}:{parts.port}"
    rest = (quote(part, safe=_KEPT) for part in (parts.path, parts.query, parts.fragment))
    return urlunsplit(("https", authority, *rest))


def _too_long() -> Unprocessable:
    return Unprocessable(
        RefusalCode.BAD_BIO, f"the bio is over {MAX_BIO} characters or {MAX_BIO_BYTES} bytes"
    )


def _bad_link() -> Unprocessable:
    return Unprocessable(
        RefusalCode.BAD_LINK,
        f"the link is one https URL with a host name, up to {MAX_LINK} characters",
    )
