"""How many creators are transcoded at a time."""

from collections import Counter
from collections.abc import Callable

from relay.rtc.receive.reassembly import EncodedFrame
from server.errors import NotAcceptable, Unavailable
from server.ingest.transcoding import Transcoding

RETRY_AFTER = 10.0


class Transcoders:
    """Gives out worker processes, to `limit` rooms at most. A room that holds a place may open
    further ones, since a creator who comes back takes over from a session that is still there.
    """

    def __init__(self, limit: int, bitrate: int) -> None:
        """`bitrate`: bit/s that each result has at most."""
        self._limit = limit
        self._bitrate = bitrate
        self._places: Counter[str] = Counter()

    @property
    def rooms(self) -> int:
        """Rooms that hold a place."""
        return len(self._places)

    def open(
        self,
        room: str,
        codec: str,
        *,
        on_picture: Callable[[EncodedFrame], None],
        on_broken: Callable[[], None],
        on_failed: Callable[[str], None],
    ) -> Transcoding:
        """A transcoder, started; its `close()` gives the place back. Raises Unavailable where no
        place is free, NotAcceptable where there are none at all.
        """
        if not self._limit:
            raise NotAcceptable(
                "this server does not transcode: publish H.264 video without B-frames"
            )
        if room not in self._places and len(self._places) >= self._limit:
            raise Unavailable(
                (
                    f"the server transcodes {self._limit} creators already: publish H.264 "
                    "video without B-frames, or try again later"
                ),
                RETRY_AFTER,
            )
        self._places[room] += 1
        transcoding = Transcoding(
            codec,
            self._bitrate,
            on_picture=on_picture,
            on_broken=on_broken,
            on_failed=on_failed,
            on_closed=lambda: self._release(room),
        )
        transcoding.start()
        return transcoding

    def _release(self, room: str) -> None:
        self._places[room] -= 1
        if not self._places[room]:
            del self._places[room]
