"""What pushes say."""

import json

from server.push.message import starts_soon, went_live


def test_a_live() -> None:
    message = went_live("k3v9x2", "새벽 달리기", "하늘별")
    assert message.topic == "k3v9x2"
    assert json.loads(message.to_json("ko")) == {
        "kind": "live",
        "name": "하늘별",
        "title": "새벽 달리기",
        "url": "/r/k3v9x2",
        "language": "ko",
    }
    assert len(went_live("a" * 32, "가" * 80, "가" * 80).to_json(None)) < 1_000


def test_an_announced_live() -> None:
    """The time is in UTC: the browser shows it in its own zone."""
    message = starts_soon("a1", "Tea", "Sam", "sam", 1_800_000_000.0)
    assert json.loads(message.to_json(None)) == {
        "kind": "soon",
        "name": "Sam",
        "title": "Tea",
        "at": "2027-01-15T08:00:00+00:00",
        "url": "/@sam",
        "language": None,
    }
    guest = starts_soon("a1", "Tea", "Sam", None, 1_800_000_000.0)
    assert json.loads(guest.to_json(None))["url"] == "/"
