"""Viewers over WebRTC as light as they can be: a real handshake each, then headers counted, and one packet in 50 decrypted.

Run as a process of its own, on a core of its own: `python -m scripts.benchmarks.whep_crowd URL VIEWERS RAMP SECONDS`. It plays the one room that is live there,
writes `measuring` when all are connected, and what it saw as JSON after SECONDS.
"""

import asyncio
import json
import secrets
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp
import uvloop
from aioice import stun
from aiortc.rtp import RtcpReceiverInfo, RtcpRrPacket

from relay.rtc.dtls import DtlsSrtp, SrtpError, fingerprint
from scripts.loadgen.whip import Accepted, publish, unpublish

VIDEO_TYPE, AUDIO_TYPE = 96, 111
CHECK_EVERY, CONNECT_WITHIN = 0.05, 10.0
CONSENT_EVERY, REPORT_EVERY = 2.5, 1.0
UNPROTECT_EVERY = 50
AT_ONCE = 20
"""Handshakes at a time."""


@dataclass(slots=True)
class Seen:
    """What all viewers together got."""

    packets: int = 0
    octets: int = 0
    """Of UDP payload."""
    pictures: int = 0
    gaps: int = 0
    """Packets missing between two that came."""
    unprotected: int = 0
    unreadable: int = 0
    connected: int = 0
    failed: int = 0
    cpu: float = 0.0
    """Of this process, cores."""


def write_offer(ufrag: str, password: str) -> str:
    """To receive one H.264 video and one Opus audio, bundled."""
    common = [
        "c=IN IP4 0.0.0.0",
        f"a=ice-ufrag:{ufrag}",
        f"a=ice-pwd:{password}",
        f"a=fingerprint:{fingerprint()}",
        "a=setup:actpass",
        "a=recvonly",
        "a=rtcp-mux",
    ]
    video = [
        f"m=video 9 UDP/TLS/RTP/SAVPF {VIDEO_TYPE} 97",
        *(*common, "a=mid:0", f"a=rtpmap:{VIDEO_TYPE} H264/90000"),
        f"a=fmtp:{VIDEO_TYPE} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        *(f"a=rtcp-fb:{VIDEO_TYPE} {kind}" for kind in ("nack", "nack pli")),
        *("a=rtpmap:97 rtx/90000", f"a=fmtp:97 apt={VIDEO_TYPE}"),
    ]
    audio = [f"m=audio 9 UDP/TLS/RTP/SAVPF {AUDIO_TYPE}", *common, "a=mid:1", f"a=rtpmap:{AUDIO_TYPE} opus/48000/2", f"a=fmtp:{AUDIO_TYPE} minptime=10"]
    return "\r\n".join(["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE 0 1", *video, *audio]) + "\r\n"


class LightViewer(asyncio.DatagramProtocol):
    """`connect()`, then `tick()` once a second, `close()` in any state."""

    def __init__(self, seen: Seen, http: aiohttp.ClientSession, url: str) -> None:
        self._seen = seen
        self._http = http
        self._url = url
        self._ufrag, self._password = secrets.token_hex(4), secrets.token_hex(16)
        self._accepted: Accepted | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._dtls = DtlsSrtp(self._send, lambda: None)
        self._reached = asyncio.Event()
        self._ready = False
        self._next = {VIDEO_TYPE: -1, AUDIO_TYPE: -1}
        self._ssrc = b""
        self._countdown = UNPROTECT_EVERY
        self._checked = 0.0

    async def connect(self) -> None:
        """Raises Refused, or ConnectionError where no way or no handshake came about."""
        self._accepted = accepted = await publish(self._http, self._url, "", write_offer(self._ufrag, self._password))
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, remote_addr=accepted.address)
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
        self._ready = True

    async def close(self) -> None:
        if self._accepted:
            await unpublish(self._http, self._accepted.session, "")
        await self._dtls.close()
        if self._transport:
            self._transport.close()

    def tick(self, now: float) -> None:
        """A receiver report, and a connectivity check when one is due."""
        if now - self._checked > CONSENT_EVERY:
            self._checked = now
            self._check()
        if self._ssrc and self._dtls.connected:
            report = RtcpReceiverInfo(int.from_bytes(self._ssrc, "big"), 0, 0, max(0, self._next[VIDEO_TYPE] - 1), 0, 0, 0)
            self._send(self._dtls.protect_rtcp(bytes(RtcpRrPacket(ssrc=1, reports=[report]))))

    def _check(self) -> None:
        accepted = self._accepted
        assert accepted
        attributes = {"USERNAME": f"{accepted.ufrag}:{self._ufrag}", "PRIORITY": 1_853_824_767, "ICE-CONTROLLING": 1, "USE-CANDIDATE": None}
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes=attributes)
        message.add_message_integrity(accepted.password.encode())
        self._send(bytes(message))

    def _send(self, data: bytes) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.sendto(data)

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        first = data[0]
        if first > 127:
            kind = data[1] & 0x7F
            expected = self._next.get(kind)
            if expected is None or not self._ready:
                return  # RTCP, RTX
            seen = self._seen
            seen.packets += 1
            seen.octets += len(data)
            sequence = data[2] << 8 | data[3]
            if sequence != expected and expected >= 0:
                seen.gaps += (sequence - expected) & 0xFFFF
            self._next[kind] = sequence + 1 & 0xFFFF
            if data[1] & 0x80:
                seen.pictures += 1
                self._ssrc = data[8:12]
            self._countdown -= 1
            if not self._countdown:
                self._countdown = UNPROTECT_EVERY
                self._unprotect(data)
        elif first > 19:
            self._dtls.receive(data)
        elif data[1] == 1:  # a binding success response; whose it is, the connected socket has checked
            self._reached.set()

    def _unprotect(self, data: bytes) -> None:
        try:
            self._dtls.unprotect_rtp(data)
            self._seen.unprotected += 1
        except SrtpError:
            self._seen.unreadable += 1


async def main(url: str, count: int, ramp: float, seconds: float) -> None:
    total, seen = Seen(), Seen()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as http:
        room = await _live_room(http, url)
        viewers = [LightViewer(seen, http, f"{url}/whep/{room}") for _ in range(count)]
        gate = asyncio.Semaphore(AT_ONCE)

        async def join(number: int, viewer: LightViewer) -> None:
            await asyncio.sleep(number * ramp / count)
            async with gate:
                try:
                    await viewer.connect()
                    total.connected += 1
                except Exception as error:
                    total.failed += 1
                    print(f"viewer {number}: {error}", file=sys.stderr)

        ticking = asyncio.create_task(_tick(viewers))
        await asyncio.gather(*(join(number, viewer) for number, viewer in enumerate(viewers)))
        await asyncio.sleep(1)  # the joins' bursts are through
        before, spent = asdict(seen), time.process_time()
        print("measuring", flush=True)
        await asyncio.sleep(seconds)
        for name, value in asdict(seen).items():
            if name not in ("connected", "failed"):
                setattr(total, name, value - before[name])
        total.cpu = (time.process_time() - spent) / seconds
        print(json.dumps(asdict(total)), flush=True)
        ticking.cancel()
        await asyncio.wait([ticking])
        await asyncio.gather(*(viewer.close() for viewer in viewers))


async def _live_room(http: aiohttp.ClientSession, url: str) -> str:
    async with asyncio.timeout(30):
        while True:
            async with http.get(f"{url}/api/rooms") as response:
                rooms = [room["room"] for room in (await response.json())["rooms"] if room["state"] == "live"]
            if rooms:
                return str(rooms[0])
            await asyncio.sleep(0.1)


async def _tick(viewers: list[LightViewer]) -> None:
    """Once a second for each, spread over it."""
    while True:
        began = time.monotonic()
        for start in range(0, len(viewers), 10):
            for viewer in viewers[start : start + 10]:
                if viewer._ready:
                    viewer.tick(began)
            await asyncio.sleep(REPORT_EVERY * 10 / len(viewers) if len(viewers) > 10 else REPORT_EVERY)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])))
