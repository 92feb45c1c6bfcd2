"""Atom feeds: valid XML whatever the titles contain, with times in UTC."""

from xml.etree.ElementTree import fromstring

from server.site.atom import NAMESPACE, Entry, Feed, atom

ATOM = f"{{{NAMESPACE}}}"
NASTY = "</title><script>alert('1')</script> & \x00\x0b\ud800\ufffe ]]> 하늘 🌊"
CLEAN = "</title><script>alert('1')</script> &  ]]> 하늘 🌊"


def feed(*entries: Entry) -> Feed:
    return Feed(
        url="https://live.example/@a&b",
        self_url="https://live.example/@a&b/feed.xml",
        title=NASTY,
        author=NASTY,
        subtitle="",
        updated=1_800_000_000.5,
        entries=entries,
    )


def test_an_entry_has_all_that_the_rfc_demands() -> None:
    """RFC 4287 §4.1: id, title and updated in the feed and in each entry, and an author."""
    entry = Entry(
        "https://live.example/c/1",
        "A clip",
        1_800_000_000,
        "https://live.example/p.jpg",
        "https://live.example/v.mp4",
        ("춤", "a&b"),
    )
    root = fromstring(atom(feed(entry)))
    assert root.tag == f"{ATOM}feed"
    for parent in (root, root.find(f"{ATOM}entry")):
        assert parent is not None
        for name in ("id", "title", "updated"):
            assert parent.findtext(ATOM + name)
    assert root.findtext(f"{ATOM}updated") == "2027-01-15T08:00:00Z"
    assert root.findtext(f"{ATOM}author/{ATOM}name") == CLEAN
    assert [
        (link.get("rel"), link.get("href")) for link in root.iterfind(f"{ATOM}entry/{ATOM}link")
    ] == [
        ("alternate", "https://live.example/c/1"),
        ("enclosure", "https://live.example/p.jpg"),
        ("enclosure", "https://live.example/v.mp4"),
    ]
    assert [tag.get("term") for tag in root.iterfind(f"{ATOM}entry/{ATOM}category")] == [
        "춤",
        "a&b",
    ]


def test_a_title_cannot_leave_its_element() -> None:
    root = fromstring(atom(feed(Entry("https://live.example/c/1", NASTY, 0))))
    assert root.findtext(f"{ATOM}title") == CLEAN
    assert root.findtext(f"{ATOM}entry/{ATOM}title") == CLEAN
    assert root.find(f"{ATOM}script") is None


def test_a_feed_may_be_empty() -> None:
    root = fromstring(atom(feed()))
    assert root.findall(f"{ATOM}entry") == []
    assert {link.get("rel") for link in root.iterfind(f"{ATOM}link")} == {"alternate", "self"}
