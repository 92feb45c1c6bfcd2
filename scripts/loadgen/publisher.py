"""A creator: a WHIP session that sends the clip. Work that is the same for all creators is done
only once. Each creator only encrypts its packets (SRTP) and sends them with `sendto`.
"""

import math
import random
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from struct import Struct

import aiohttp
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    unpack_remb_fci,
)

from relay.rtc.dtls import SrtpError
from scripts.loadgen.clip import GOP, SOUND_SAMPLES, Clip
from scripts.loadgen.peer import Peer
from scripts.loadgen.signalling import (
    AUDIO_TYPE,
    TRANSPORT_ID,
    VIDEO_TYPE,
    end_session,
    post_offer,
    write_offer,
)

RTP = Struct(">BBHIIHHBHx")
"""An RTP header with one extension: the transport-wide sequence number."""
EXTENDED, ONE_BYTE_HEADER, WORDS, TRANSPORT = 0x90, 0xBEDE, 1, TRANSPORT_ID << 4 | 1
REPORT_EVERY = 1.0
SOUND_SECONDS = SOUND_SAMPLES / 48_000
LATE = 0.1
"""Lateness at which the process starts to skip frames and audio packets, seconds."""
KEPT = 128
"""Number of sent packets that are kept for retransmission."""
NTP_EPOCH = 2_208_988_800


@dataclass(slots=True)
class PublishedCounts:
    """Counters that all publishers of one process share."""

    packets: int = 0
    frames: int = 0
    bytes: int = 0
    events: Counter[str] = field(default_factory=Counter)
    remb: dict[str, int] = field(default_factory=dict)
    """For each room: the bitrate in the last REMB that its creator received, bit/s."""


class Publisher(Peer):
    """A simulated creator. Call `connect()` first, then `tick()` several times per frame. `close()`
    may be called in any state.
    """

    def __init__(
        self,
        counts: PublishedCounts,
        clip: Clip,
        room: str,
        key: str,
        url: str,
        http: aiohttp.ClientSession,
        *,
        steady: bool = False,
        loss: float = 0.0,
    ) -> None:
        """`steady`: whether the position in the clip follows the clock. If so, the position is
        `time.monotonic()` modulo the duration of the clip. A steady creator skips no frames when
        late, and does not jump to an IDR after a PLI. `loss`: share of the media packets that are
        not sent, as on a bad network.
        """
        super().__init__()
        self.room = room
        self.key = key
        self.sending = False
        self._counts = counts
        self._clip = clip
        self.url = url
        self._http = http
        self._steady = steady
        self._loss = loss
        self._closed = False
        self._video_ssrc, self._audio_ssrc = secrets.randbits(32), secrets.randbits(32)
        self._video_sequence = self._audio_sequence = self._transport_sequence = 0
        self._video_time, self._audio_time = secrets.randbits(32), secrets.randbits(32)
        self._frame, self._sound = 0, 0
        self._video_due = self._audio_due = self._report_due = 0.0
        self._packets = [0, 0]
        self._octets = [0, 0]
        self._kept: list[tuple[int, bytes]] = [(-1, b"")] * KEPT

    async def connect(self) -> None:
        """Connects: sends the offer, and completes ICE and the DTLS handshake. Raises Refused, or
        ConnectionError if no candidate pair works or the handshake fails.
        """
        offer = write_offer(self._ufrag, self._password, self._video_ssrc, self._audio_ssrc)
        await self._reach(await post_offer(self._http, self.url, self.key, offer))
        if self._closed:
            raise ConnectionError("closed")
        now = time.monotonic()
        # Start each creator at a random offset, because real creators are not synchronised.
        self._video_due = self._audio_due = now + secrets.randbelow(1_000) / 1_000 / self._clip.fps
        if self._steady:
            self._video_due = self._audio_due = due = GOP * math.ceil(now / GOP)
            self._frame, self._sound = self._clip.place(due)
        self._report_due = self._video_due
        self.sending = True

    async def close(self) -> None:
        """Ends the session with a DELETE, as a real creator does."""
        self.sending = False
        self._closed = True
        if self._accepted:
            await end_session(self._http, self._accepted.session, self.key)
        await self._hang_up()

    async def leave(self) -> None:
        """Ends the session without a DELETE: another session has replaced it."""
        self.sending = False
        self._closed = True
        await self._hang_up()

    # Sending

    def tick(self, now: float) -> None:
        """Sends all packets that are due. `now`: seconds of `time.monotonic`."""
        if now >= self._video_due:
            missed, self._video_due = self._next(self._video_due, 1 / self._clip.fps, now)
            self._video_time += missed * (90_000 // self._clip.fps)
            self._send_frame()
        if now >= self._audio_due:
            missed, self._audio_due = self._next(self._audio_due, SOUND_SECONDS, now)
            self._audio_time += missed * SOUND_SAMPLES
            self._send_sound()
        if now >= self._report_due:
            self._report_due = now + REPORT_EVERY
            self._send_reports(now)
        self._keep_consent(now)

    def _next(self, due: float, step: float, now: float) -> tuple[int, float]:
        """Returns the number of skipped intervals and the next due time. A late process skips
        frames, as a camera does. It does not send the missed frames in a burst.
        """
        if self._steady or now - due < LATE:
            return 0, due + step
        missed = int((now - due) / step)
        self._counts.events["late"] += missed
        return missed, due + (missed + 1) * step

    def _send_frame(self) -> None:
        payloads = self._clip.frames[self._frame]
        self._frame = (self._frame + 1) % len(self._clip.frames)
        self._video_time = self._video_time + 90_000 // self._clip.fps & 0xFFFFFFFF
        sequence, left = self._video_sequence, len(payloads)
        for payload in payloads:
            left -= 1
            packet = self._dtls.protect_rtp(
                self._header(
                    VIDEO_TYPE if left else VIDEO_TYPE | 0x80,
                    sequence,
                    self._video_time,
                    self._video_ssrc,
                )
                + payload
            )
            self._kept[sequence % KEPT] = (sequence, packet)
            self._send(packet)
            self._octets[0] += len(payload)
            sequence = sequence + 1 & 0xFFFF
        self._video_sequence = sequence
        self._packets[0] += len(payloads)
        self._counts.packets += len(payloads)
        self._counts.frames += 1

    def _send_sound(self) -> None:
        payload = self._clip.sounds[self._sound]
        self._sound = (self._sound + 1) % len(self._clip.sounds)
        self._audio_time = self._audio_time + SOUND_SAMPLES & 0xFFFFFFFF
        self._audio_sequence = self._audio_sequence + 1 & 0xFFFF
        self._send(
            self._dtls.protect_rtp(
                self._header(AUDIO_TYPE, self._audio_sequence, self._audio_time, self._audio_ssrc)
                + payload
            )
        )
        self._octets[1] += len(payload)
        self._packets[1] += 1
        self._counts.packets += 1

    def _header(self, payload_type: int, sequence: int, timestamp: int, ssrc: int) -> bytes:
        number = self._transport_sequence
        self._transport_sequence = number + 1 & 0xFFFF
        return RTP.pack(
            EXTENDED,
            payload_type,
            sequence,
            timestamp,
            ssrc,
            ONE_BYTE_HEADER,
            WORDS,
            TRANSPORT,
            number,
        )

    def _send_reports(self, now: float) -> None:
        """Sends an RTCP sender report for each track. The reports contain the RTP timestamp of the
        current time, which usually lies between two frames or two audio packets. Lip sync depends
        on these reports.
        """
        ntp = int((time.time() + NTP_EPOCH) * 2**32)
        video = self._video_time + int((now - self._video_due + 1 / self._clip.fps) * 90_000)
        audio = self._audio_time + int((now - self._audio_due + SOUND_SECONDS) * 48_000)
        for track, (ssrc, at) in enumerate(((self._video_ssrc, video), (self._audio_ssrc, audio))):
            packets, octets = self._packets[track] & 0xFFFFFFFF, self._octets[track] & 0xFFFFFFFF
            info = RtcpSenderInfo(
                ntp_timestamp=ntp,
                rtp_timestamp=at & 0xFFFFFFFF,
                packet_count=packets,
                octet_count=octets,
            )
            self._send(self._dtls.protect_rtcp(bytes(RtcpSrPacket(ssrc=ssrc, sender_info=info))))

    def _send(self, data: bytes) -> None:
        if self._loss and data[0] > 127 and random.random() < self._loss:
            return
        super()._send(data)
        self._counts.bytes += len(data)

    # Receiving

    def _receive_media(self, data: bytes) -> None:
        if self.sending and len(data) > 1 and 191 < data[1] < 224:
            try:
                packets = RtcpPacket.parse(self._dtls.unprotect_rtcp(data))
            except (SrtpError, ValueError):
                self._counts.events["unreadable"] += 1
                return
            for packet in packets:
                self._receive_feedback(packet)

    def _receive_feedback(self, packet: object) -> None:
        events = self._counts.events
        if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_PLI:
            events["pli"] += 1
            if self._steady:
                return
            # Continue at the next IDR of the clip: a new IDR cannot be produced, because the clip
            # is already encoded.
            self._frame = next((key for key in self._clip.keys if key >= self._frame), 0)
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
            events["remb"] += 1
            self._counts.remb[self.room] = unpack_remb_fci(packet.fci)[0]
        elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            events["nack"] += len(packet.lost)
            for sequence in packet.lost:
                kept, data = self._kept[sequence % KEPT]
                if kept == sequence:
                    events["resent"] += 1
                    self._send(data)

    def _broken(self, cause: str) -> None:
        if self.sending:
            self.sending = False
            self._counts.events[f"creator_closed/{cause}"] += 1
