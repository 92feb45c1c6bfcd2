"""Limits how many publishers are transcoded at the same time."""

from collections import Counter

from relay.errors import RefusalCode
from relay.worker.workers import Workers
from server.errors import NotAcceptable, Unavailable
from server.ingest.takeover import Takeover
from server.ingest.transcoded_source import TranscodedSource

RETRY_AFTER = 10.0


class Transcoders:
    """Gives transcoders to at most `limit` rooms. A room that has a transcoder may get a second
    transcoder: while a publisher reconnects, its former session still uses the first transcoder.
    """

    def __init__(self, workers: Workers, limit: int, per_address: int, bitrate: int) -> None:
        """`limit`: maximum number of rooms. `per_address`: maximum number of rooms whose publishers
        have the same address. `bitrate`: maximum bitrate of each transcoded video, bit/s.
        """
        self._workers = workers
        self._limit = limit
        self._per_address = per_address
        self._bitrate = bitrate
        self._reserved: Counter[str] = Counter()
        self._addresses: dict[str, str] = {}
        """Address of the publisher that needed a room's first transcoder, by room."""

    @property
    def rooms(self) -> int:
        """Number of rooms that have a transcoder."""
        return len(self._reserved)

    def require_free(self, room: str, address: str) -> None:
        """Checks that the room can get a transcoder. Raises NotAcceptable if the server does not
        transcode. Raises Unavailable if `limit` other rooms have transcoders, or if `per_address`
        other rooms of this address have transcoders.
        """
        if not self._limit:
            raise NotAcceptable(
                RefusalCode.NO_TRANSCODING,
                "this server does not transcode: publish H.264 video with keyframes and without "
                "B-frames",
            )
        if room in self._reserved:
            return
        if len(self._reserved) >= self._limit:
            raise _all_taken(f"the server already transcodes {self._limit} publishers")
        if address and list(self._addresses.values()).count(address) >= self._per_address:
            raise _all_taken(
                f"the server already transcodes {self._per_address} publishers of this address"
            )

    def prepare(self) -> None:
        """Starts the fork server, so that the first transcoder starts sooner."""
        self._workers.prepare()

    def reserve(self, room: str, address: str) -> "Reservation":
        """Reserves the right to start one transcoder. `address`: the publisher's address. Raises
        the refusals of `require_free`.
        """
        self.require_free(room, address)
        self._reserved[room] += 1
        self._addresses.setdefault(room, address)
        return Reservation(self, room, self._workers, self._bitrate)

    def release(self, room: str) -> None:
        """Undoes one call of `reserve` for the room."""
        self._reserved[room] -= 1
        if not self._reserved[room]:
            del self._reserved[room], self._addresses[room]


def _all_taken(reason: str) -> Unavailable:
    return Unavailable(
        RefusalCode.TOO_MANY_TRANSCODERS,
        f"{reason}: publish H.264 video with keyframes and without B-frames, or try again later",
        RETRY_AFTER,
    )


class Reservation:
    """The right to start one transcoder. Call either `start` or `release`."""

    def __init__(self, transcoders: Transcoders, room: str, workers: Workers, bitrate: int) -> None:
        self._transcoders = transcoders
        self._room = room
        self._workers = workers
        self._bitrate = bitrate

    def start(self, codec: str, takeover: Takeover | None = None) -> TranscodedSource:
        """Starts a transcoder. Closing the returned source releases the reservation."""
        source = TranscodedSource(self._workers, codec, self._bitrate, self.release, takeover)
        source.start()
        return source

    def release(self) -> None:
        self._transcoders.release(self._room)
