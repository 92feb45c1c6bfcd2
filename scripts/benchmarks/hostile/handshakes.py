"""Attacks with offers and handshakes that are not completed."""

import asyncio
import contextlib
import secrets
import socket
import time
from collections.abc import Sequence

import aiohttp

from scripts.benchmarks.hostile.arena import TICK, Arena, Made
from scripts.benchmarks.hostile.bare_dtls import BareDtls, StrangeCertificate, client_hello
from scripts.benchmarks.hostile.raw_viewer import RawViewer
from scripts.loadgen.peer import connectivity_check
from scripts.loadgen.signalling import (
    VIDEO_TYPE,
    Accepted,
    Refused,
    end_session,
    post_offer,
    read_answer,
    write_offer,
    write_viewer_offer,
)

OFFERS_AT_ONCE = 16
ENDED_WITHIN = 3.0
LATER = 2.0
"""Time after which the server must send nothing more to a silent address, seconds."""
TIMES_SENT = 3.0
"""Maximum number of bytes that the server may send to a silent address for each byte received from
the address.
"""


class HalfOpen:
    """WHEP sessions that send an offer and a connectivity check, and then stop. If `hello` is true,
    the sessions also send the first message of the DTLS handshake before they stop.
    """

    sessions = 700
    sources: Sequence[str] = ("127.0.0.7",)
    hello = False
    setup = "actpass"

    async def prepare(self, arena: Arena) -> None:
        self._first = client_hello() if self.hello else b""
        self._sockets: list[socket.socket] = []

    async def run(self, arena: Arena, seconds: float) -> None:
        until = time.monotonic() + seconds
        numbers = iter(range(self.sessions))

        async def work() -> None:
            for number in numbers:
                if time.monotonic() >= until:
                    return
                await self._open(arena, self.sources[number % len(self.sources)])

        await asyncio.gather(*(work() for _ in range(OFFERS_AT_ONCE)))
        await asyncio.sleep(max(0.0, until - time.monotonic()))

    async def _open(self, arena: Arena, source: str) -> None:
        ufrag, password = secrets.token_hex(4), secrets.token_hex(16)
        offer = write_viewer_offer(ufrag, password).replace("actpass", self.setup)
        headers = {"Content-Type": "application/sdp"}
        async with arena.http(source).post(
            f"{arena.url}/whep/{arena.room}", data=offer, headers=headers
        ) as answer:
            text = await answer.text()
        arena.note_status(answer.status)
        if answer.status != 201:
            return
        accepted = read_answer(text.replace("a=setup:active", "a=setup:passive"), arena.url)
        sock = udp_socket(source, accepted)
        self._sockets.append(sock)
        self.send(arena, sock, connectivity_check(accepted, ufrag, nominate=True))
        if self._first:
            await asyncio.sleep(TICK)
            self.send(arena, sock, self._first)

    def send(self, arena: Arena, sock: socket.socket, data: bytes) -> None:
        arena.count("bytes", len(data))
        with contextlib.suppress(OSError):
            sock.send(data)


class HalfOpenDtls(HalfOpen):
    """2,000 DTLS handshakes that stop after the first message, from 20 addresses."""

    sessions = 2_000
    sources = tuple(f"127.0.2.{number}" for number in range(1, 21))
    hello = True


class BeforeHandshake(HalfOpen):
    """Counts the bytes that the server sends before the handshake is complete. The sessions stop
    after the first message of the handshake.
    """

    sessions = 20
    hello = True

    async def run(self, arena: Arena, seconds: float) -> None:
        await super().run(arena, LATER)
        early = self._received()
        await asyncio.sleep(max(0.0, seconds - arena.passed))
        late = self._received()
        sent = max(1.0, arena.sent.get("bytes", 0.0))
        _demand_few_bytes(arena, early / sent, early, late)

    def _received(self) -> int:
        return sum(drained(sock) for sock in self._sockets)


class PassiveBeforeHandshake(BeforeHandshake):
    """Like BeforeHandshake, but each offer has `setup:passive`. The server then sends the first
    message of the handshake.
    """

    hello = False
    setup = "passive"


class Redirected:
    """A viewer that nominates an address that never answers. The nominating check is sent from this
    address, like a datagram with a forged source address.
    """

    silent = "127.0.0.9"
    check_every = 2.0

    async def prepare(self, arena: Arena) -> None:
        self._viewer = RawViewer(arena, "127.0.0.8")
        await self._viewer.require_connected()

    async def run(self, arena: Arena, seconds: float) -> None:
        accepted = self._viewer.accepted
        with udp_socket(self.silent, accepted) as sock:
            forged = self._viewer.check(accepted, nominate=True)
            sock.send(forged)
            early = late = 0
            due = self.check_every
            while arena.passed < seconds:
                if arena.passed >= due:
                    due += self.check_every
                    self._viewer.send(self._viewer.check(accepted, nominate=False))
                got = drained(sock)
                early, late = (early + got, late) if arena.passed < LATER else (early, late + got)
                await asyncio.sleep(TICK)
        _demand_few_bytes(arena, (early + late) / len(forged), early, late)


class SilentTranscoding:
    """Offers of VP8 from a creator that never sends a datagram. VP8 needs a transcoder. The server
    must still accept VP8 from another creator.
    """

    rooms = 6
    again = 2.0
    honest = "127.0.0.11"

    async def prepare(self, arena: Arena) -> None:
        self._rooms = [await arena.require_room("127.0.0.10") for _ in range(self.rooms)]
        self._other = await arena.require_room(self.honest)

    async def run(self, arena: Arena, seconds: float) -> None:
        asked = refused = 0
        while arena.passed < seconds:
            for room in self._rooms:
                await self._offer(arena, room)
            asked += 1
            refused += await self._refuses(arena, self._other)
            await asyncio.sleep(min(self.again, max(0.0, seconds - arena.passed)))
        arena.demand("offers of VP8 refused to another creator", refused, 0, f"of {asked}")

    async def _offer(self, arena: Arena, room: Made) -> None:
        try:
            await post_offer(arena.http("127.0.0.10"), room.whip, room.key, vp8_offer())
            arena.count("offers")
        except Refused as error:
            arena.note(f"refused: HTTP {error.status}")

    async def _refuses(self, arena: Arena, room: Made) -> bool:
        """Whether the server refuses an offer of another creator. Ends the session if the server
        accepts the offer.
        """
        http = arena.http(self.honest)
        try:
            accepted = await post_offer(http, room.whip, room.key, vp8_offer())
        except Refused:
            return True
        await end_session(http, accepted.session, room.key)
        return False


class StrangeCertificates:
    """Five simultaneous WHEP handshakes with a certificate of X.509 version 6. The server must end
    the sessions.
    """

    sessions = 5

    async def prepare(self, arena: Arena) -> None:
        self._strange = StrangeCertificate()

    async def run(self, arena: Arena, seconds: float) -> None:
        ended = await asyncio.gather(*(self._session(arena, seconds) for _ in range(self.sessions)))
        arena.demand("session ended after", max(ended), ENDED_WITHIN, "s")

    async def _session(self, arena: Arena, seconds: float) -> float:
        """Opens a session and waits until the server has ended it. Returns the time of this end, in
        seconds since the attack began; infinity if the server has not ended the session.
        """
        ufrag, password = secrets.token_hex(4), secrets.token_hex(16)
        offer = "\r\n".join(
            f"a=fingerprint:sha-256 {self._strange.fingerprint}"
            if line.startswith("a=fingerprint:")
            else line
            for line in write_viewer_offer(ufrag, password).split("\r\n")
        )
        http = arena.http("127.0.0.12")
        accepted = await post_offer(http, f"{arena.url}/whep/{arena.room}", "", offer)
        with udp_socket("127.0.0.12", accepted) as sock:
            dtls = BareDtls(self._strange)
            sock.send(connectivity_check(accepted, ufrag, nominate=True))
            await asyncio.sleep(TICK)
            for data in dtls.start():
                sock.send(data)
            while arena.passed < seconds:
                for data in received(sock):
                    if 19 < data[0] < 64:
                        for answer in dtls.receive(data):
                            sock.send(answer)
                if await _ended(http, accepted, ufrag):
                    arena.note("gone: session ended")
                    return arena.passed
                await asyncio.sleep(10 * TICK)
        return float("inf")


def _demand_few_bytes(arena: Arena, ratio: float, early: int, late: int) -> None:
    """Adds the bars for the bytes that a silent address received: `early` bytes in the first LATER
    seconds, and `late` bytes after that. `ratio`: bytes that the address received for each byte
    that it sent.
    """
    arena.count("bytes received", early + late)
    arena.demand("bytes to a silent address, per byte that it sent", ratio, TIMES_SENT, "×")
    arena.demand(f"bytes to a silent address after {LATER:.0f} s", late, 0, "bytes")


async def _ended(http: aiohttp.ClientSession, accepted: Accepted, ufrag: str) -> bool:
    """Whether the session has ended. Finds out with a PATCH request, which changes nothing."""
    headers = {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*"}
    body = f"a=ice-ufrag:{ufrag}\r\n"
    async with http.patch(accepted.session, data=body, headers=headers) as answer:
        return answer.status == 404


def vp8_offer() -> str:
    """Returns a creator's offer of VP8."""
    text = write_offer(secrets.token_hex(4), secrets.token_hex(16), 1, 2)
    lines = [line for line in text.split("\r\n") if not line.startswith(f"a=fmtp:{VIDEO_TYPE}")]
    return "\r\n".join(lines).replace("H264/90000", "VP8/90000")


def udp_socket(source: str, accepted: Accepted) -> socket.socket:
    """Returns a UDP socket at the address `source`, connected to the server's UDP port."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.bind((source, 0))
    sock.connect(accepted.address)
    return sock


def received(sock: socket.socket) -> list[bytes]:
    """Returns the payloads of the datagrams that have arrived."""
    found = []
    with contextlib.suppress(OSError):
        while data := sock.recv(2_048):
            found.append(data)
    return found


def drained(sock: socket.socket) -> int:
    """Returns the number of bytes that have arrived, and drops them."""
    return sum(map(len, received(sock)))
