"""Limits how many publishers are transcoded at the same time."""

from collections import Counter

from relay.errors import RefusalCode
from server.errors import NotAcceptable, Unavailable
from server.ingest.transcoded_source import TranscodedSource

RETRY_AFTER = 10.0


class Transcoders:
    """Gives transcoders to at most `limit` rooms. A room that has a transcoder may get a second
    transcoder: while a publisher reconnects, its former session still uses the first transcoder.
    """

    def __init__(self, limit: int, bitrate: int) -> None:
        """`limit`: maximum number of rooms. `bitrate`: maximum bitrate of each transcoded video,
        bit/s.
        """
        self._limit = limit
        self._bitrate = bitrate
        self._reserved: Counter[str] = Counter()

    @property
    def rooms(self) -> int:
        """Number of rooms that have a transcoder."""
        return len(self._reserved)

    def reserve(self, room: str) -> "Reservation":
        """Reserves the right to start one transcoder. Raises Unavailable if `limit` other rooms
        have transcoders, NotAcceptable if the server does not transcode.
        """
        if not self._limit:
            raise NotAcceptable(
                RefusalCode.NO_TRANSCODING,
                "this server does not transcode: publish H.264 video without B-frames",
            )
        if room not in self._reserved and len(self._reserved) >= self._limit:
            raise Unavailable(
                RefusalCode.TOO_MANY_TRANSCODERS,
                f"the server already transcodes {self._limit} publishers: publish H.264 "
                "video without B-frames, or try again later",
                RETRY_AFTER,
            )
        self._reserved[room] += 1
        return Reservation(self, room, self._bitrate)

    def release(self, room: str) -> None:
        """Undoes one call of `reserve` for the room."""
        self._reserved[room] -= 1
        if not self._reserved[room]:
            del self._reserved[room]


class Reservation:
    """The right to start one transcoder. Call either `start` or `release`."""

    def __init__(self, transcoders: Transcoders, room: str, bitrate: int) -> None:
        self._transcoders = transcoders
        self._room = room
        self._bitrate = bitrate

    def start(self, codec: str) -> TranscodedSource:
        """Starts a transcoder. Closing the returned source releases the reservation."""
        source = TranscodedSource(codec, self._bitrate, self.release)
        source.start()
        return source

    def release(self) -> None:
        self._transcoders.release(self._room)
