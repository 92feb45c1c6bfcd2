"""robots.txt and the sitemap."""

from urllib.robotparser import RobotFileParser
from xml.etree.ElementTree import fromstring

from server.site.robots import SITEMAP, PublicPage, robots_txt, sitemap

MAP = f"{{{SITEMAP}}}"


def reads(text: str, path: str) -> bool:
    parser = RobotFileParser()
    parser.parse(text.splitlines())
    return parser.can_fetch("a-robot", f"https://live.example{path}")


def test_robots_read_public_pages_only() -> None:
    text = robots_txt(allowed=True, sitemap_url="https://live.example/sitemap.xml")
    assert all(reads(text, path) for path in ("/", "/explore", "/@a", "/c/1", "/t/dance"))
    assert not any(reads(text, path) for path in ("/api/rooms", "/me", "/live", "/embed/c/1"))
    assert "\nSitemap: https://live.example/sitemap.xml\n" in text


def test_an_operator_can_keep_all_robots_out() -> None:
    text = robots_txt(allowed=False, sitemap_url="https://live.example/sitemap.xml")
    assert not reads(text, "/") and not reads(text, "/explore") and "Sitemap" not in text


def test_a_sitemap_escapes_its_urls() -> None:
    """A handle in any script is percent-encoded; an ampersand stays inside of its URL."""
    pages = [PublicPage("/@하늘", 1_800_000_000.9), PublicPage("/t/a&b<c>?"), PublicPage("/")]
    text = sitemap("https://live.example", pages)
    root = fromstring(text)
    assert [url.findtext(f"{MAP}loc") for url in root] == [
        "https://live.example/@%ED%95%98%EB%8A%98",
        "https://live.example/t/a%26b%3Cc%3E%3F",
        "https://live.example/",
    ]
    assert [url.findtext(f"{MAP}lastmod") for url in root] == ["2027-01-15T08:00:00Z", None, None]
    assert text.isascii()
