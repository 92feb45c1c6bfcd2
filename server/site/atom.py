"""Atom feeds (RFC 4287). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from server.site.xml_text import xml_text

NAMESPACE = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True, slots=True)
class Entry:
    """One clip or replay. URLs are absolute; times are Unix seconds."""

    url: str
    """URL of the page. It is also the id of the entry, because it never changes."""
    title: str
    published: float
    picture: str = ""
    """URL of a JPEG file; empty without a picture."""
    video: str = ""
    """URL of an MP4 file; empty without a video file."""
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """The clips and replays of one person. URLs are absolute."""

    url: str
    """URL of the page of the person."""
    self_url: str
    """URL of the feed."""
    title: str
    author: str
    subtitle: str
    updated: float
    """Unix seconds."""
    entries: Sequence[Entry]


def atom(feed: Feed) -> bytes:
    """Returns the feed as an XML document in UTF-8."""
    root = Element("feed", xmlns=NAMESPACE)
    _text(root, "id", feed.url)
    _text(root, "title", feed.title)
    if feed.subtitle:
        _text(root, "subtitle", feed.subtitle)
    _text(root, "updated", _time(feed.updated))
    _link(root, feed.url, "alternate", "text/html")
    _link(root, feed.self_url, "self", "application/atom+xml")
    author = SubElement(root, "author")
    _text(author, "name", feed.author)
    _text(author, "uri", feed.url)
    for entry in feed.entries:
        _add_entry(root, entry)
    return bytes(tostring(root, "utf-8", xml_declaration=True))


def _add_entry(root: Element, entry: Entry) -> None:
    element = SubElement(root, "entry")
    _text(element, "id", entry.url)
    _text(element, "title", entry.title)
    _text(element, "published", _time(entry.published))
    _text(element, "updated", _time(entry.published))
    _link(element, entry.url, "alternate", "text/html")
    if entry.picture:
        _link(element, entry.picture, "enclosure", "image/jpeg")
    if entry.video:
        _link(element, entry.video, "enclosure", "video/mp4")
    for tag in entry.tags:
        SubElement(element, "category", term=xml_text(tag))


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = xml_text(text)


def _link(parent: Element, url: str, relation: str, kind: str) -> None:
    SubElement(parent, "link", href=xml_text(url), rel=relation, type=kind)


def _time(at: float) -> str:
    """Returns a time as RFC 3339 demands, in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
