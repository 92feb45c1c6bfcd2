"""A creator whose RTP packets are written by hand, after a real WHIP offer and a real handshake."""

import secrets
import time

from scripts.benchmarks.hostile.arena import Arena, Made
from scripts.loadgen.clip import SOUND_SAMPLES
from scripts.loadgen.peer import Peer
from scripts.loadgen.publisher import EXTENDED, ONE_BYTE_HEADER, RTP, TRANSPORT, WORDS
from scripts.loadgen.signalling import (
    AUDIO_TYPE,
    VIDEO_TYPE,
    Refused,
    post_offer,
    write_offer,
)

MARKER = 0x80
FRAME_TICKS = 3_000
"""Interval between two frames at 30 fps, in ticks of the 90 kHz clock."""


class RawCreator(Peer):
    """A creator that sends handcrafted packets. Call `go_live()`, then `video()` or `audio()` for
    each packet.
    """

    def __init__(self, arena: Arena, source: str = "127.0.0.2") -> None:
        super().__init__()
        self._local = (source, 0)
        self._arena = arena
        self._source = source
        self._ssrcs = {VIDEO_TYPE: secrets.randbits(32), AUDIO_TYPE: secrets.randbits(32)}
        self.connected = False
        self.sequence = 0
        self.timestamp = secrets.randbits(31)
        self.transport_number = 0
        self.sounds_sent = 0
        self._audio_sequence = 0
        self._audio_time = secrets.randbits(31)

    async def connect(self, made: Made | None = None) -> bool:
        """Connects to the room `made`; if `made` is None, creates a room first. Returns whether the
        server accepted the creator. Records a note if the server refused the creator.
        """
        arena = self._arena
        made = made or await arena.create_room(self._source)
        if made is None:
            return False
        offer = write_offer(
            self._ufrag, self._password, self._ssrcs[VIDEO_TYPE], self._ssrcs[AUDIO_TYPE]
        )
        try:
            accepted = await post_offer(arena.http(self._source), made.whip, made.key, offer)
            await self._reach(accepted)
        except (Refused, ConnectionError, OSError) as error:
            arena.note(f"refused: {error}"[:80])
            return False
        self.connected = True
        return True

    async def go_live(self, made: Made | None = None) -> bool:
        """Connects, and sends the first keyframe of the clip. Returns whether the server accepted
        the creator.
        """
        if not await self.connect(made):
            return False
        self.send_frame(self._arena.clip.frames[0])
        self.audio(self._arena.clip.sounds[0])
        return True

    def send_frame(self, payloads: tuple[bytes, ...] | list[bytes]) -> None:
        """Sends the RTP payloads of one access unit."""
        for payload in payloads[:-1]:
            self.video(payload, marker=False)
        self.video(payloads[-1], marker=True)
        self.timestamp = self.timestamp + FRAME_TICKS & 0xFFFFFFFF

    def video(self, payload: bytes, *, marker: bool, skip: int = 0, jump: int = 0) -> None:
        """Sends a video packet. `skip`: how many sequence numbers to leave out before the packet.
        `jump`: how many transport-wide sequence numbers to leave out.
        """
        self.sequence = self.sequence + skip & 0xFFFF
        kind = VIDEO_TYPE | MARKER if marker else VIDEO_TYPE
        self._protected(kind, self.sequence, self.timestamp, payload, jump)
        self.sequence = self.sequence + 1 & 0xFFFF

    def audio(self, payload: bytes) -> None:
        self._protected(AUDIO_TYPE, self._audio_sequence, self._audio_time, payload, 0)
        self._audio_sequence = self._audio_sequence + 1 & 0xFFFF
        self._audio_time = self._audio_time + SOUND_SAMPLES & 0xFFFFFFFF
        self.sounds_sent += 1

    def keep(self) -> None:
        """Sends a connectivity check if one is due. Call this regularly."""
        self._keep_consent(time.monotonic())

    async def leave(self) -> None:
        """Closes the connection."""
        self.connected = False
        await self._hang_up()

    def _protected(
        self, kind: int, sequence: int, timestamp: int, payload: bytes, jump: int
    ) -> None:
        if not self.connected:
            return
        number = self.transport_number = self.transport_number + 1 + jump & 0xFFFF
        ssrc = self._ssrcs[kind & 0x7F]
        header = RTP.pack(
            *(EXTENDED, kind, sequence, timestamp & 0xFFFFFFFF, ssrc),
            *(ONE_BYTE_HEADER, WORDS, TRANSPORT, number),
        )
        data = self._dtls.protect_rtp(header + payload)
        self._arena.count("packets")
        self._arena.count("bytes", len(data))
        self._send(data)

    def _broken(self, cause: str) -> None:
        if self.connected:
            self.connected = False
            self._arena.note(f"gone: {cause}")
