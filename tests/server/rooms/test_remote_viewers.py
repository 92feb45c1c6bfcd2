"""The viewers of a room at other nodes."""

from typing import Any

import pytest

from relay.channel.owner import Notice
from server.people.person import Person
from server.rooms.audience import Audience
from server.rooms.remote_viewers import RemoteViewers

PERSON = {"id": "p", "name": "Ann", "colour": 3, "handle": None}


class Social:
    """Keeps what RemoteViewers says to the social parts of a room."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    def meet(self, person: Person, network: str = "") -> None:
        self.said.append(("meet", person, network))

    def viewer_joined(self, viewer: int, person: str | None, media: bool) -> None:
        self.said.append(("join", viewer, person, media))

    def viewer_left(self, viewer: int) -> None:
        self.said.append(("leave", viewer))

    def receive_notice(self, notice: Notice) -> None:
        self.said.append(notice)


@pytest.fixture
def social() -> Social:
    return Social()


@pytest.fixture
def audience() -> Audience:
    return Audience(lambda beacon, before: pytest.fail("the node of the viewer counts reports"))


@pytest.fixture
def remote(social: Social, audience: Audience) -> RemoteViewers:
    return RemoteViewers("room", social, audience, lambda: 5.0)


def test_the_room_learns_who_watches_elsewhere(remote: RemoteViewers, social: Social) -> None:
    joined = {"do": "join", "viewer": 1, "person": PERSON, "network": "n"}
    remote.receive("one-1", [joined, joined, {"do": "join", "viewer": 2}])
    remote.receive("two-2", [{"do": "join", "viewer": 1}])
    assert social.said == [
        ("meet", Person("p", "Ann", 3), "n"),
        ("join", -1, "p", False),
        ("join", -2, None, False),
        ("join", -3, None, False),
    ]
    social.said.clear()
    remote.receive("one-1", [{"do": "leave", "viewer": 2}, {"do": "leave", "viewer": 7}])
    remote.forget("two-2")
    remote.receive("one-1", [{"do": "begin"}])
    assert social.said == [("leave", -2), ("leave", -3), ("leave", -1)]


def test_notices_keep_their_person_and_time(remote: RemoteViewers, social: Social) -> None:
    body = {"type": "taps"}
    notice = {"do": "notice", "viewer": 1, "by": "p", "at": 7, "body": body}
    remote.receive("one-1", [{"do": "join", "viewer": 1}, notice])
    assert social.said[-1] == Notice(-1, "p", 7, body)


def test_reports_count_for_the_creator_only(remote: RemoteViewers, audience: Audience) -> None:
    report = {"do": "report", "viewer": 1, "body": {"type": "report", "player": "mse"}}
    remote.receive("one-1", [report])
    assert not len(audience), "the viewer is unknown"
    remote.receive("one-1", [{"do": "join", "viewer": 1}, report])
    assert len(audience) == 1
    remote.receive("one-1", [{"do": "leave", "viewer": 1}])
    assert not len(audience)


@pytest.mark.parametrize(
    "item",
    [{}, {"do": "join"}, {"do": "join", "viewer": "x"}, {"do": "notice", "viewer": 1, "body": 3}]
    + [{"do": "join", "viewer": 1, "person": {"id": "p"}}, {"do": "other", "viewer": 1}]
    + [{"do": "notice", "viewer": 1, "at": 1, "body": {"type": 3}}],
)
def test_anything_else_is_dropped(
    remote: RemoteViewers, social: Social, item: dict[str, Any]
) -> None:
    remote.receive("one-1", [item, {"do": "join", "viewer": 9}])
    assert [each[0] for each in social.said] == ["join"]
