"""A room of another node as this node's viewers see it: tells the owner who watches here, and what
the viewers do.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from relay.channel.owner import Notice
from relay.errors import MessageError
from server.people.person import Person
from server.recent import Recent
from server.rooms.audience import Audience
from server.rooms.beacon import read_beacon

NOTICES = frozenset(("taps",))
"""The types of notices that rooms know."""
MAX_PEOPLE = 20_000
"""Maximum number of people whose names are remembered until they watch."""
MAX_SAMPLE = 50
"""Maximum number of viewers whose reports the owner gets, so that many viewers cost it no more."""
MAX_VIEWERS = 20_000
"""Maximum number of viewers that this node reports to the next owner of the room."""


class CopiedRoom:
    """The owner of a copied channel. Implements ChannelOwner."""

    def __init__(
        self,
        say: Callable[[Mapping[str, Any]], None],
        audience: Audience,
        now: Callable[[], float],
    ) -> None:
        """`say` tells the owner something. `audience` keeps the viewers' reports; `now` returns the
        time for it, seconds.
        """
        self._say = say
        self._audience = audience
        self._now = now
        self._people: Recent[str, tuple[Person, str]] = Recent(MAX_PEOPLE)
        self._sample: set[int] = set()
        """The viewers whose reports the owner gets."""
        self._joined: dict[int, dict[str, Any]] = {}
        """What the owner was told of each viewer who watches."""

    def meet(self, person: Person, network: str = "") -> None:
        """Remembers the name of a person who is about to watch."""
        self._people.keep(person.id, (person, network))

    def begin(self) -> None:
        """Tells the owner that it knows none of the viewers."""
        self._say({"do": "begin"})

    def tell_again(self) -> None:
        """Tells a new owner who watches."""
        self.begin()
        for item in self._joined.values():
            self._say(item)

    # ChannelOwner

    def viewers_changed(self, viewers: int) -> None:
        """Does nothing: the numbers of viewers reach the owner in another way."""

    def viewer_joined(self, viewer: int, person: str | None, media: bool) -> None:
        item: dict[str, Any] = {"do": "join", "viewer": viewer}
        known = None if person is None else self._people.get(person)
        if known:
            item |= {"person": asdict(known[0]), "network": known[1]}
        if len(self._joined) < MAX_VIEWERS:
            self._joined[viewer] = item
            self._say(item)

    def viewer_left(self, viewer: int) -> None:
        self._audience.leave(viewer)
        self._sample.discard(viewer)
        if self._joined.pop(viewer, None):
            self._say({"do": "leave", "viewer": viewer})

    def receive_report(self, viewer: int, report: Mapping[str, Any]) -> None:
        self._audience.report(viewer, read_beacon(report), self._now())
        if viewer in self._sample or len(self._sample) < MAX_SAMPLE:
            self._sample.add(viewer)
            self._say({"do": "report", "viewer": viewer, "body": report})

    def receive_notice(self, notice: Notice) -> None:
        if notice.body["type"] not in NOTICES:
            raise MessageError(f"unknown notice type {notice.body['type']!r}")
        self._say(
            {
                "do": "notice",
                "viewer": notice.viewer,
                "by": notice.person,
                "at": notice.media_time,
                "body": notice.body,
            }
        )
