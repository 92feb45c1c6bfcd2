"""A WHEP viewer whose feedback is written by hand, after a real offer and a real handshake."""

import asyncio
import time

from scripts.benchmarks.hostile.arena import Arena, NotPrepared
from scripts.loadgen.peer import Peer, connectivity_check
from scripts.loadgen.signalling import (
    VIDEO_TYPE,
    Accepted,
    Refused,
    post_offer,
    write_viewer_offer,
)


class RawViewer(Peer):
    """A viewer that sends handcrafted feedback. Call `connect()` first. A muted viewer answers
    nothing and ignores all received datagrams.
    """

    def __init__(self, arena: Arena, source: str = "127.0.0.5") -> None:
        super().__init__()
        self._local = (source, 0)
        self._arena = arena
        self._source = source
        self.connected = False
        self.muted = False
        self.ssrc = 0
        """SSRC of the video; 0 before the first video packet."""
        self.newest = 0
        """Sequence number of the newest video packet."""
        self.media = asyncio.Event()
        """Event that is set as soon as a video packet arrives."""

    async def connect(self) -> bool:
        """Connects. Returns whether the server accepted the viewer. Records a note if the server
        refused the viewer.
        """
        arena = self._arena
        offer = write_viewer_offer(self._ufrag, self._password)
        try:
            accepted = await post_offer(
                arena.http(self._source), f"{arena.url}/whep/{arena.room}", "", offer
            )
            await self._reach(accepted)
        except (Refused, ConnectionError, OSError) as error:
            arena.note(f"refused: {error}"[:80])
            return False
        self.connected = True
        return True

    async def require_connected(self) -> None:
        """Connects. Raises NotPrepared if the server refuses the viewer."""
        if not await self.connect():
            raise NotPrepared("the server refused the viewer")

    def check(self, accepted: Accepted, *, nominate: bool) -> bytes:
        """Returns a valid connectivity check. `nominate`: whether the check has USE-CANDIDATE."""
        return connectivity_check(accepted, self._ufrag, nominate=nominate)

    @property
    def accepted(self) -> Accepted:
        assert self._accepted
        return self._accepted

    def send_rtcp(self, data: bytes) -> None:
        if self.connected:
            self.send(self._dtls.protect_rtcp(data))

    def send(self, data: bytes) -> None:
        self._arena.count("packets")
        self._arena.count("bytes", len(data))
        self._send(data)

    def keep(self) -> None:
        """Sends a connectivity check if one is due. Call this regularly."""
        self._keep_consent(time.monotonic())

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self.muted:
            super().datagram_received(data, addr)

    def _receive_media(self, data: bytes) -> None:
        if len(data) > 12 and data[1] & 0x7F == VIDEO_TYPE:
            self.ssrc = int.from_bytes(data[8:12], "big")
            self.newest = int.from_bytes(data[2:4], "big")
            self.media.set()

    def _broken(self, cause: str) -> None:
        if self.connected and not self.muted:
            self.connected = False
            self._arena.note(f"gone: {cause}")
