"""What robots of search engines may read: robots.txt (RFC 9309) and the sitemap (sitemaps.org).
Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, tostring

from server.site.xml_text import xml_text

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
NOT_FOR_ROBOTS = ("/api/", "/me", "/live", "/embed/", "/hls/", "/replays/", "/ws/", "/whip/")
"""Beginnings of paths that are useless in a search engine."""


@dataclass(frozen=True, slots=True)
class PublicPage:
    """A page that everyone may see."""

    path: str
    """Path with the characters as people write them, such as `/@하늘별`."""
    changed_at: float | None = None
    """Unix seconds; None if the page changes all the time."""


def robots_txt(*, allowed: bool, sitemap_url: str) -> str:
    """Returns the text of robots.txt. `allowed`: whether robots may read the public pages."""
    if not allowed:
        return "User-agent: *\nDisallow: /\n"
    rules = "".join(f"Disallow: {path}\n" for path in NOT_FOR_ROBOTS)
    return f"User-agent: *\n{rules}\nSitemap: {sitemap_url}\n"


def sitemap(origin: str, pages: Iterable[PublicPage]) -> bytes:
    """Returns the sitemap, an XML document in UTF-8. `origin`: the beginning of all URLs, without a
    trailing slash.
    """
    root = Element("urlset", xmlns=SITEMAP)
    for page in pages:
        url = SubElement(root, "url")
        SubElement(url, "loc").text = xml_text(origin + quote(page.path, safe="/@"))
        if page.changed_at is not None:
            changed = datetime.fromtimestamp(page.changed_at, UTC)
            SubElement(url, "lastmod").text = changed.strftime("%Y-%m-%dT%H:%M:%SZ")
    return bytes(tostring(root, "utf-8", xml_declaration=True))
