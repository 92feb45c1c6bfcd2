"""The members of a channel: the viewers that get its messages, with or without media, and those
on standby.
"""

from collections.abc import Iterator
from itertools import count

from relay.channel.fanout import DirectSocket, Fanout, Viewer
from relay.channel.message import Message
from relay.channel.standby import Standbys


class Member:
    """What a channel stores about one viewer."""

    __slots__ = ("held", "media", "media_time", "number", "person")

    def __init__(self, number: int, person: str | None, media: bool, held: bool) -> None:
        self.number = number
        self.person = person
        self.media = media
        """Whether the viewer gets media, now or after its standby."""
        self.held = held
        """Whether the viewer is on standby."""
        self.media_time = -1
        """Media time in the viewer's last report, µs; -1 before the first report."""


class Members:
    """Keeps viewers with media and viewers without media in two separate fan-outs, apart from the
    viewers on standby.
    """

    def __init__(self, standbys: Standbys) -> None:
        self.with_media = Fanout()
        self.without_media = Fanout()
        self._standbys = standbys
        self._members: dict[Viewer, Member] = {}
        self._numbers = count(1)

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Viewer]:
        """Iterates over a copy of the viewers, because viewers may leave during the iteration."""
        return iter(list(self._members))

    @property
    def octets(self) -> int:
        """Number of bytes written to direct sockets."""
        return self.with_media.octets + self.without_media.octets + self._standbys.octets

    def add(self, viewer: Viewer, person: str | None, media: bool, held: bool = False) -> Member:
        """Adds a viewer, and gives the viewer a number that no later viewer gets. `held`: whether
        the viewer is on standby.
        """
        member = self._members[viewer] = Member(next(self._numbers), person, media, held)
        self._place(viewer, member)
        return member

    def move(self, viewer: Viewer, held: bool) -> Member | None:
        """Puts a viewer on standby, or ends its standby. After the standby, the viewer has a new
        number. Returns the viewer's entry; None if nothing changes.
        """
        member = self._members.get(viewer)
        if member is None or member.held == held:
            return None
        self._displace(viewer)
        member.held = held
        member.media_time = -1
        if not held:
            member.number = next(self._numbers)
        self._place(viewer, member)
        return member

    def of_person(self, person: str) -> list[Viewer]:
        """Returns the viewers that joined as this person."""
        return [viewer for viewer, member in self._members.items() if member.person == person]

    def get(self, viewer: Viewer) -> Member | None:
        return self._members.get(viewer)

    def remove(self, viewer: Viewer) -> Member | None:
        """Removes a viewer. Returns the viewer's entry; None if the viewer has already left."""
        self._displace(viewer)
        return self._members.pop(viewer, None)

    def open_direct(self, viewer: Viewer, direct: DirectSocket) -> None:
        """Writes messages for this viewer directly to its socket from now on
        (`Fanout.open_direct`).
        """
        for fanout in self._fanouts():
            fanout.open_direct(viewer, direct)

    def close_direct(self, viewer: Viewer) -> None:
        """Calls the viewer's `send` for each message from now on, instead of writing to the
        socket.
        """
        for fanout in self._fanouts():
            fanout.close_direct(viewer)

    def deliver(self, message: Message) -> list[Viewer]:
        """Sends a message to all members that are not on standby. Returns the viewers that raised
        an exception; the caller must remove these viewers.
        """
        failed = self.with_media.deliver(message)
        if message.no_media and self.without_media:
            failed += self.without_media.deliver(_aside(message))
        return failed

    def _fanouts(self) -> tuple[Fanout, ...]:
        standbys = self._standbys
        return self.with_media, self.without_media, standbys.with_media, standbys.without_media

    def _place(self, viewer: Viewer, member: Member) -> None:
        if member.held:
            self._standbys.add(viewer, member.media)
        else:
            (self.with_media if member.media else self.without_media).add(viewer)

    def _displace(self, viewer: Viewer) -> None:
        for fanout in self._fanouts():
            fanout.remove(viewer)


def _aside(message: Message) -> Message:
    """Returns a message with only the records for viewers without media."""
    return Message(
        message.no_media,
        b"",
        message.media_time,
        message.publish,
        slot=message.slot,
        vital=True,
        no_media=message.no_media,
        events=message.events,
    )
