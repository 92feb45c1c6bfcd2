"""A lightweight viewer over WebRTC. After a real handshake, the viewer counts RTP packets by their
unencrypted headers. It decrypts only one packet in 50.
"""

import os
import time

from aiortc.rtp import RtcpReceiverInfo, RtcpRrPacket

from relay.rtc.dtls import SrtpError
from relay.rtc.receive.depacketise import starts_idr
from relay.rtc.rtp import HEADER_SIZE, parse_rtp
from scripts.loadgen.peer import Peer
from scripts.loadgen.signalling import (
    AUDIO_TYPE,
    VIDEO_TYPE,
    end_session,
    post_offer,
    write_viewer_offer,
)
from scripts.loadgen.viewer import Viewer, ViewerContext
from scripts.loadgen.walker import MARGIN

UNPROTECT_EVERY = 50
EARLY_MAX = 2_000
"""Maximum number of datagrams that are kept until the viewer's DTLS handshake is complete. On the
server's side, the handshake is complete earlier, and the server then sends an IDR at once.
"""


class WhepViewer(Viewer, Peer):
    """A viewer over WebRTC. After the handshake, the crowd's poller reads the viewer's socket into
    the crowd's buffer.
    """

    def __init__(
        self, crowd: ViewerContext, room: str, *, probe: bool, slow: bool, rude: bool
    ) -> None:
        Viewer.__init__(self, crowd, room, probe=probe, slow=slow, rude=rude)
        Peer.__init__(self)
        self._fd = -1  # descriptor of the socket while the poller reads it
        self._early: list[bytes] = []
        self._next = {VIDEO_TYPE: -1, AUDIO_TYPE: -1}
        self._countdown = UNPROTECT_EVERY
        self._ssrc = 0
        self._idr_begun = self._seen_idr = False
        self._live_after = 0
        """Time on the server's clock at which the viewer connected, µs. Media that was published
        earlier is not timed.
        """

    async def connect(self) -> None:
        accepted = await post_offer(
            self._crowd.http,
            self._crowd.url(f"/whep/{self.room}"),
            "",
            write_viewer_offer(self._ufrag, self._password),
        )
        self._accepted = accepted
        if not self._left:
            await self._reach(accepted)
        if self._left:
            self._crowd.finish_leaving(self._end())
            return
        self._live_after = self._crowd.clocks.now()
        self.watching = True
        self._crowd.connected(self, self._age)
        self._be_polled()

    def report(self) -> None:
        """Sends a receiver report, and a connectivity check if one is due."""
        if self.watching:
            self._keep_consent(time.monotonic())
        if self.watching and self._ssrc:
            report = RtcpReceiverInfo(self._ssrc, 0, 0, max(0, self._next[VIDEO_TYPE] - 1), 0, 0, 0)
            self._send(self._dtls.protect_rtcp(bytes(RtcpRrPacket(ssrc=1, reports=[report]))))

    def leave(self) -> None:
        self._left, self.watching = True, False
        self._crowd.finish_leaving(self._end())

    def vanish(self) -> None:
        self._left, self.watching = True, False
        if self._transport:
            self._transport.close()
        self._close_socket()
        self._crowd.finish_leaving(self._hang_up())

    async def _end(self) -> None:
        if self._accepted:
            await end_session(self._crowd.http, self._accepted.session, "")
        await self._hang_up()

    async def _hang_up(self) -> None:
        await super()._hang_up()
        self._close_socket()

    def _broken(self, cause: str) -> None:
        if self.watching:
            self._lose(cause)
            self._crowd.finish_leaving(self._hang_up())

    # The socket

    def _be_polled(self) -> None:
        """Lets the poller read from a duplicate of the transport's socket. Closes the transport,
        because a datagram transport cannot be paused.
        """
        transport = self._transport
        assert transport
        self._fd = os.dup(transport.get_extra_info("socket").fileno())
        transport.close()
        early, self._early = self._early, []
        for data in early:
            self._crowd.buffer[MARGIN : MARGIN + len(data)] = data
            self._receive_polled(len(data))
        if self._fd >= 0:
            self._crowd.poller.add(self._fd, self._receive_polled, datagrams=True)

    def _close_socket(self) -> None:
        if self._fd >= 0:
            self._crowd.poller.remove(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _send(self, data: bytes) -> None:
        if self._fd < 0:
            super()._send(data)
            return
        try:
            os.write(self._fd, data)
        except OSError:  # the socket is full, or closed, which the next read detects
            pass

    def _receive_polled(self, size: int) -> None:
        if not size:
            self._broken("UDP port unreachable")
        elif self._crowd.buffer[MARGIN] > 127:
            self._receive_packet(size)
        else:
            self.datagram_received(
                bytes(self._crowd.buffer[MARGIN : MARGIN + size]),
                self._accepted and self._accepted.address,
            )

    def _receive_media(self, data: bytes) -> None:
        if len(self._early) < EARLY_MAX and not self._left:
            self._early.append(data)

    # RTP

    def _receive_packet(self, size: int) -> None:
        buffer, delivery = self._crowd.buffer, self._delivery
        second = buffer[MARGIN + 1]
        kind = second & 0x7F
        expected = self._next.get(kind)
        if expected is None or size < HEADER_SIZE:
            return  # RTCP, or a retransmission
        delivery.messages += 1
        delivery.bytes += size
        sequence = buffer[MARGIN + 2] << 8 | buffer[MARGIN + 3]
        if sequence != expected and expected >= 0:
            delivery.gaps += (sequence - expected) & 0xFFFF
        self._next[kind] = sequence + 1 & 0xFFFF
        self._countdown -= 1
        if not self._countdown or (kind == VIDEO_TYPE and not self._seen_idr):
            self._countdown = UNPROTECT_EVERY
            self._unprotect(bytes(buffer[MARGIN : MARGIN + size]))
        if kind == VIDEO_TYPE and second & 0x80 and (self.probe or not self._seen_idr):
            self._finish_frame(buffer[MARGIN : MARGIN + HEADER_SIZE])

    def _unprotect(self, data: bytes) -> None:
        try:
            packet = parse_rtp(self._dtls.unprotect_rtp(data))
        except (SrtpError, ValueError):
            self._delivery.unreadable += 1
            return
        self._idr_begun = self._idr_begun or (
            packet.payload_type == VIDEO_TYPE and starts_idr(packet.payload)
        )

    def _finish_frame(self, header: bytearray) -> None:
        """Handles the arrival of a frame's last packet."""
        self._ssrc = int.from_bytes(header[8:12], "big")
        if self._idr_begun and not self._seen_idr:
            self._seen_idr = True
            self._crowd.joined(self, self._age)
        if self.probe:
            published = self._crowd.clocks.of_room(self.room).published_at_rtp(
                int.from_bytes(header[4:8], "big")
            )
            if published is not None and published > self._live_after:
                self._delivery.delays.append((self._crowd.clocks.now() - published) / 1_000)
