"""The rooms that this process owns and holds in memory, with their media objects and figures.

This data does not include the rooms that other processes own. To ask about any room, use
`Rooms.ask` instead.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from relay.sample import Sample, TrackInfo
from relay.stream.stream import Stream
from server.ingest.session import IngestSession
from server.rooms.life import State
from server.rooms.room import Room


class RoomsInMemory:
    """The rooms that have not ended, and the ended rooms whose end is not stored yet."""

    def __init__(self, rooms: Mapping[str, Room]) -> None:
        self._rooms = rooms

    def __contains__(self, name: str) -> bool:
        """Whether the room with this name is in memory."""
        return name in self._rooms

    def __iter__(self) -> Iterator[Room]:
        return iter(self._rooms.values())

    def open_names(self) -> list[str]:
        """Returns the names of the rooms that have not ended."""
        return [room.name for room in self._rooms.values() if not room.ended]

    def find(self, name: str) -> Room | None:
        return self._rooms.get(name)

    def is_on_air(self, name: str) -> bool:
        """Whether the room is live, or its creator may return."""
        room = self._rooms.get(name)
        return room is not None and room.on_air

    def latest_keyframe(self, name: str) -> tuple[TrackInfo, Sample] | None:
        """Returns the latest keyframe of a room on air, with its decoding parameters. Returns None
        if there is no keyframe or the room is not on air.
        """
        room = self._rooms.get(name)
        return room.stream.still() if room and room.on_air else None

    @property
    def publishing(self) -> list[tuple[IngestSession, int]]:
        """The session of each publisher, with the number of viewers in the publisher's room."""
        return [
            (session, room.channel.viewers)
            for room in self._rooms.values()
            for session in room.sessions
        ]

    # Figures

    @property
    def states(self) -> Counter[State]:
        return Counter(room.state for room in self._rooms.values())

    @property
    def creators(self) -> int:
        """Number of connected creators."""
        return sum(
            session.rtc.connected for room in self._rooms.values() for session in room.sessions
        )

    @property
    def live_streams(self) -> set[Stream]:
        return {room.stream for room in self._rooms.values() if room.state is State.LIVE}

    @property
    def watching(self) -> int:
        """Number of people who watch now, in all rooms."""
        return sum(room.social.presence.figures.viewers for room in self._rooms.values())

    @property
    def players(self) -> Counter[str]:
        """Number of viewers for each kind of player, from the viewers' reports."""
        return sum((room.players for room in self._rooms.values()), Counter())
