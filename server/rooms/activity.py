"""What people do in one room at present, for the order of the feed."""

from server.recent import Recent
from server.rooms.part import MAX_PEOPLE, RoomContext, RoomPart
from server.social.activity import Activity, RecentActivity


class RoomActivity(RoomPart):
    """Counts the people who watch, react and join, and the people to whom the creator replies. The
    creator does not count.
    """

    def __init__(self, context: RoomContext) -> None:
        super().__init__(context)
        self._recent = RecentActivity()
        self._networks: Recent[str, str] = Recent(MAX_PEOPLE)

    def measure(self) -> Activity:
        """Returns the present figures."""
        return self._recent.measure(self._context.monotonic)

    def meet(self, person: str, network: str) -> None:
        """Remembers the network from which a person is about to watch."""
        self._networks.keep(person, network)

    def viewer_joined(self, viewer: int, person: str | None, media: bool) -> None:
        if not self._is_owner(person):
            self._recent.connect(viewer, person, self._network_of(person))

    def viewer_left(self, viewer: int) -> None:
        self._recent.disconnect(viewer)

    def react(self, person: str | None, media_time: int) -> None:
        """Counts a tap or a message of a person who watches."""
        if person and not self._is_owner(person):
            self._recent.react(person, self._context.monotonic)

    def join(self, person: str) -> None:
        """Counts a person who has joined for the first time."""
        self._recent.join(person, self._network_of(person), self._context.monotonic)

    def reply(self, person: str) -> None:
        """Counts a reply of the creator to a person who watches."""
        if not self._is_owner(person):
            self._recent.reply(person, self._context.monotonic)

    def forget_person(self, person: str) -> None:
        self._recent.forget(person)
        self._networks.pop(person, None)

    def _is_owner(self, person: str | None) -> bool:
        return person is not None and person == self._context.record.owner

    def _network_of(self, person: str | None) -> str:
        return "" if person is None else self._networks.get(person, "")
