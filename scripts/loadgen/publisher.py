"""One creator: a WHIP session that sends the clip. As light as a sender can be: what is shared is made once, what is left is SRTP and `sendto`."""

import asyncio
import math
import secrets
import time
from struct import Struct
from typing import TYPE_CHECKING, Any

import aiohttp
from aioice import stun
from aiortc.rtp import RTCP_PSFB_APP, RTCP_PSFB_PLI, RTCP_RTPFB_NACK, RtcpPacket, RtcpPsfbPacket, RtcpRtpfbPacket, RtcpSenderInfo, RtcpSrPacket, unpack_remb_fci

from relay.rtc.dtls import DtlsSrtp, SrtpError
from relay.rtc.ice import IceAgent
from scripts.loadgen.clip import GOP, SOUND_SAMPLES, Clip
from scripts.loadgen.whip import AUDIO_TYPE, TRANSPORT_ID, VIDEO_TYPE, Accepted, publish, unpublish, write_offer

if TYPE_CHECKING:
    from scripts.loadgen.stage import Stage

RTP = Struct(">BBHIIHHBHx")
"""Header with one extension, the transport-wide sequence number."""
EXTENDED, ONE_BYTE_HEADER, WORDS, TRANSPORT = 0x90, 0xBEDE, 1, TRANSPORT_ID << 4 | 1
CHECK_EVERY, CONNECT_WITHIN = 0.05, 10.0
CONSENT_EVERY, CONSENT_LOST = 2.0, 8.0
"""Seconds between connectivity checks while sending (RFC 7675 has 5), and without an answer to them until the session counts as lost."""
REPORT_EVERY = 1.0
SOUND_SECONDS = SOUND_SAMPLES / 48_000
LATE = 0.1
"""Seconds behind from which pictures and sounds are left out."""
KEPT = 128
"""Packets that can be sent again."""
NTP_EPOCH = 2_208_988_800


class _Sender(DtlsSrtp):
    def protect_rtp(self, data: bytes) -> bytes:
        secret: bytes = self._transport._tx_srtp.protect(data)
        return secret


class Publisher(asyncio.DatagramProtocol):
    """`connect()`, then `tick()` a few times per frame, `close()` in any state."""

    def __init__(self, stage: "Stage", clip: Clip, room: str, key: str, url: str, http: aiohttp.ClientSession, *, steady: bool = False) -> None:
        """`steady`: picture and sound of the loop's second s are sent when `time.monotonic()` is s, modulo the loop. Nothing is left out, however late,
        and a PLI brings no jump to an IDR: the loop's next one has to do."""
        self.room = room
        self.key = key
        self.sending = False
        self._stage = stage
        self._clip = clip
        self._url = url
        self._http = http
        self._steady = steady
        self._loop = asyncio.get_running_loop()
        self._accepted: Accepted | None = None
        self._agent: IceAgent | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._dtls = _Sender(self._send, self._ended)
        self._reached = asyncio.Event()
        self._closed = False
        self._video_ssrc, self._audio_ssrc = secrets.randbits(32), secrets.randbits(32)
        self._video_sequence = self._audio_sequence = self._transport_sequence = 0
        self._video_time, self._audio_time = secrets.randbits(32), secrets.randbits(32)
        self._picture, self._sound = 0, 0
        self._video_due = self._audio_due = self._report_due = self._check_due = 0.0
        self._answered = 0.0
        self._packets = [0, 0]
        self._octets = [0, 0]
        self._kept: list[tuple[int, bytes]] = [(-1, b"")] * KEPT

    async def connect(self) -> None:
        """From the offer to the end of the handshake. Raises Refused, or ConnectionError where no way or no handshake came about."""
        ufrag, password = secrets.token_hex(4), secrets.token_hex(16)
        offer = write_offer(ufrag, password, self._video_ssrc, self._audio_ssrc)
        self._accepted = accepted = await publish(self._http, self._url, self.key, offer)
        self._agent = IceAgent(accepted.ufrag, accepted.password, ufrag, password)
        await self._loop.create_datagram_endpoint(lambda: self, remote_addr=accepted.address)
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                while not self._reached.is_set():
                    self._check()
                    try:
                        await asyncio.wait_for(self._reached.wait(), CHECK_EVERY)
                    except TimeoutError:
                        continue
                await self._dtls.handshake([accepted.fingerprint], client=True)
        except TimeoutError as error:
            raise ConnectionError("no handshake" if self._reached.is_set() else "no answer on UDP") from error
        if self._closed:
            raise ConnectionError("closed")
        now = time.monotonic()
        # Creators do not film in step.
        self._video_due = self._audio_due = now + secrets.randbelow(1_000) / 1_000 / self._clip.fps
        if self._steady:
            self._video_due = self._audio_due = due = GOP * math.ceil(now / GOP)
            self._picture, self._sound = self._clip.place(due)
        self._report_due, self._check_due, self._answered = self._video_due, now + CONSENT_EVERY, now
        self.sending = True

    async def close(self) -> None:
        """Ends the session as a creator does."""
        self.sending = False
        self._closed = True
        if self._accepted:
            await unpublish(self._http, self._accepted.session, self.key)
        await self._dtls.close()
        if self._transport:
            self._transport.close()

    # Sending

    def tick(self, now: float) -> None:
        """Sends what is due. `now`: seconds of `time.monotonic`."""
        if now >= self._video_due:
            missed, self._video_due = self._next(self._video_due, 1 / self._clip.fps, now)
            self._video_time += missed * (90_000 // self._clip.fps)
            self._send_picture()
        if now >= self._audio_due:
            missed, self._audio_due = self._next(self._audio_due, SOUND_SECONDS, now)
            self._audio_time += missed * SOUND_SAMPLES
            self._send_sound()
        if now >= self._report_due:
            self._report_due = now + REPORT_EVERY
            self._send_reports(now)
        if now >= self._check_due:
            self._check_due = now + CONSENT_EVERY
            if now - self._answered > CONSENT_LOST:
                self._lost("the server does not answer")
            else:
                self._check()

    def _next(self, due: float, step: float, now: float) -> tuple[int, float]:
        """How many this machine was too late for, and when the next one is due. They are left out, as by a camera: no phone would send them in a burst."""
        if self._steady or now - due < LATE:
            return 0, due + step
        missed = int((now - due) / step)
        self._stage.figures.counts["late"] += missed
        return missed, due + (missed + 1) * step

    def _send_picture(self) -> None:
        payloads = self._clip.pictures[self._picture]
        self._picture = (self._picture + 1) % len(self._clip.pictures)
        self._video_time = self._video_time + 90_000 // self._clip.fps & 0xFFFFFFFF
        sequence, left = self._video_sequence, len(payloads)
        for payload in payloads:
            left -= 1
            packet = self._dtls.protect_rtp(self._header(VIDEO_TYPE if left else VIDEO_TYPE | 0x80, sequence, self._video_time, self._video_ssrc) + payload)
            self._kept[sequence % KEPT] = (sequence, packet)
            self._send(packet)
            self._octets[0] += len(payload)
            sequence = sequence + 1 & 0xFFFF
        self._video_sequence = sequence
        self._packets[0] += len(payloads)
        self._stage.sent_packets += len(payloads)
        self._stage.sent_pictures += 1

    def _send_sound(self) -> None:
        payload = self._clip.sounds[self._sound]
        self._sound = (self._sound + 1) % len(self._clip.sounds)
        self._audio_time = self._audio_time + SOUND_SAMPLES & 0xFFFFFFFF
        self._audio_sequence = self._audio_sequence + 1 & 0xFFFF
        self._send(self._dtls.protect_rtp(self._header(AUDIO_TYPE, self._audio_sequence, self._audio_time, self._audio_ssrc) + payload))
        self._octets[1] += len(payload)
        self._packets[1] += 1
        self._stage.sent_packets += 1

    def _header(self, payload_type: int, sequence: int, timestamp: int, ssrc: int) -> bytes:
        number = self._transport_sequence
        self._transport_sequence = number + 1 & 0xFFFF
        return RTP.pack(EXTENDED, payload_type, sequence, timestamp, ssrc, ONE_BYTE_HEADER, WORDS, TRANSPORT, number)

    def _send_reports(self, now: float) -> None:
        """Both tracks' timestamps of this very moment, which lies between two pictures and two sounds: lip sync hangs on it."""
        ntp = int((time.time() + NTP_EPOCH) * 2**32)
        video = self._video_time + int((now - self._video_due + 1 / self._clip.fps) * 90_000)
        audio = self._audio_time + int((now - self._audio_due + SOUND_SECONDS) * 48_000)
        for track, (ssrc, at) in enumerate(((self._video_ssrc, video), (self._audio_ssrc, audio))):
            packets, octets = self._packets[track] & 0xFFFFFFFF, self._octets[track] & 0xFFFFFFFF
            info = RtcpSenderInfo(ntp_timestamp=ntp, rtp_timestamp=at & 0xFFFFFFFF, packet_count=packets, octet_count=octets)
            self._send(self._dtls.protect_rtcp(bytes(RtcpSrPacket(ssrc=ssrc, sender_info=info))))

    def _check(self) -> None:
        accepted, agent = self._accepted, self._agent
        assert accepted and agent
        attributes = {"USERNAME": f"{accepted.ufrag}:{agent.ufrag}", "PRIORITY": 1_853_824_767, "ICE-CONTROLLING": 1, "USE-CANDIDATE": None}
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes=attributes)
        message.add_message_integrity(accepted.password.encode())
        self._send(bytes(message))

    def _send(self, data: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.sendto(data)
            self._stage.sent_bytes += len(data)

    # Receiving

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        if not data:
            return
        if data[0] < 4:
            self._receive_stun(data, addr)
        elif data[0] < 64:
            self._dtls.receive(data)
        elif self.sending and len(data) > 1 and 191 < data[1] < 224:
            try:
                packets = RtcpPacket.parse(self._dtls.unprotect_rtcp(data))
            except (SrtpError, ValueError):
                self._stage.figures.counts["unreadable"] += 1
                return
            for packet in packets:
                self._receive_feedback(packet)

    def error_received(self, exc: Exception) -> None:
        if self.sending:
            self._lost("UDP port unreachable")

    def _receive_stun(self, data: bytes, source: Any) -> None:
        assert self._agent
        if data[0] == 1:  # a response; whose it is, the connected socket has checked
            self._answered = time.monotonic()
            self._reached.set()
            return
        try:
            check = self._agent.receive(data, source[:2])
        except ValueError:
            return
        if check and check.answer:
            self._send(check.answer)

    def _receive_feedback(self, packet: object) -> None:
        counts = self._stage.figures.counts
        if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_PLI:
            counts["pli"] += 1
            if self._steady:
                return
            # Nothing is encoded here: the loop goes on from its next IDR.
            self._picture = next((key for key in self._clip.keys if key >= self._picture), 0)
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
            counts["remb"] += 1
            self._stage.remb[self.room] = unpack_remb_fci(packet.fci)[0]
        elif isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            counts["nack"] += len(packet.lost)
            for sequence in packet.lost:
                kept, data = self._kept[sequence % KEPT]
                if kept == sequence:
                    counts["resent"] += 1
                    self._send(data)

    def _ended(self) -> None:
        if self.sending:
            self._lost("ended by the server")

    def _lost(self, cause: str) -> None:
        self.sending = False
        self._stage.lost(self, cause)
