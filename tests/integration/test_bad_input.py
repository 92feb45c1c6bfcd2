"""Bad input from strangers, senders and viewers: a clear answer, and no frame lost elsewhere."""

import asyncio
import os
import random
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiortc.rtp import RtpPacket

from relay.sample import Track
from tests.fixtures.deadline import eventually
from tests.fixtures.metrics import scrape
from tests.fixtures.offers import offer as stored_offer
from tests.fixtures.publisher import Publisher
from tests.fixtures.server import SDP, Server
from tests.fixtures.viewer import Viewer
from tests.integration.conftest import Live

FRAGMENT = "application/trickle-ice-sdpfrag"


@pytest_asyncio.fixture
async def settings() -> dict[str, Any]:
    return {"max_sockets_per_address": 3, "max_rooms_per_address_hour": 3}


@pytest_asyncio.fixture
async def unharmed(live: Live) -> AsyncIterator[Live]:
    """A live that must lose neither a frame nor its session during the test."""
    session, camera, viewer = live.server.session(live.room), live.publisher.camera, live.viewer
    sent, seen = camera.sent, len(viewer.media(Track.VIDEO))
    yield live
    await viewer.frames(10)
    # The publisher shares the event loop with the test and may pause, so the time between frames
    # proves nothing. Every frame that it sent must arrive.
    viewer.assert_unbroken(longest=10.0)
    camera.running.clear()
    await eventually(lambda: len(viewer.media(Track.VIDEO)) - seen >= camera.sent - sent)
    assert live.server.session(live.room) is session
    reassembly = session.rtc.reassembly
    assert (reassembly.given_up, reassembly.broken_units) == (0, 0)


def whip(live: Live) -> str:
    return f"/whip/{live.room.name}"


def session_path(live: Live) -> str:
    return whip(live) + "/" + live.publisher.location.rsplit("/", 1)[1]


async def test_offers_that_cannot_be_taken(unharmed: Live) -> None:
    """Each kind of bad offer gets the status of API.md in JSON, and the live goes on."""
    live = unharmed
    good = live.publisher.peer.localDescription.sdp
    video_only_vp9 = good.replace("H264/90000", "VP9/90000")
    audio_part = (
        good[: good.index("m=video")].replace("BUNDLE 0 1", "BUNDLE 1")
        + good[good.index("m=audio") :]
    )
    cases: list[tuple[int, str | bytes]] = [
        (400, "hello"),
        (400, ""),
        (400, b"\xff\xfe\x00"),
        (400, "v=0\r\n" + "a=x\r\n" * 10_000),
        (400, good[: len(good) // 2].rsplit("\r\n", 1)[0] + "\r\na=candidate:\r\n"),
        (406, video_only_vp9),
        (413, "v=0\r\n" + "a" * 65_536),
        (422, audio_part),
        (422, good.replace("a=ice-ufrag", "a=x-ufrag")),
        (422, good.replace("a=fingerprint", "a=x-fingerprint")),
        (422, good.replace("a=sendonly", "a=recvonly")),
        (422, good + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n" * 198),
    ]
    for status, offer in cases:
        began = time.monotonic()
        headers = {"Content-Type": SDP, **live.room.bearer}
        async with live.server.http.post(
            live.server.url + whip(live), data=offer, headers=headers
        ) as response:
            assert (response.status, response.content_type) == (status, "application/json"), (
                offer[:40],
                await response.text(),
            )
            assert await response.text()
        assert time.monotonic() - began < 10
    assert len(live.server.room(live.room).sessions) == 1


async def test_keys_and_rooms(unharmed: Live) -> None:
    """No key: 401. Another room's key: 403. Unknown room: 404. Wrong type: 415.

    A chunked body is measured too.
    """
    live, server = unharmed, unharmed.server
    other = await server.create()
    offer = live.publisher.peer.localDescription.sdp
    for path in (whip(live), session_path(live)):
        method = "POST" if path == whip(live) else "DELETE"
        assert await server.status(method, path, data=offer, headers={"Content-Type": SDP}) == 401
        assert (
            await server.status(
                method,
                path,
                data=offer,
                headers={"Content-Type": SDP, "Authorization": "Basic eA=="},
            )
            == 401
        )
        assert (
            await server.status(
                method, path, data=offer, headers={"Content-Type": SDP, **other.bearer}
            )
            == 403
        )
        assert (
            await server.status(
                method, path, data=offer, headers={"Content-Type": SDP, "Authorization": "Bearer é"}
            )
            == 403
        )
    assert await server.status("DELETE", f"/api/rooms/{live.room.name}") == 401
    assert (
        await server.status("DELETE", f"/api/rooms/{live.room.name}", headers=other.bearer) == 403
    )
    assert (
        await server.status(
            "POST", "/whip/nowhere", data=offer, headers={"Content-Type": SDP, **live.room.bearer}
        )
        == 404
    )
    assert await server.status("GET", "/ws/nowhere") == 404
    assert (
        await server.status(
            "POST",
            whip(live),
            data=offer,
            headers={"Content-Type": "text/plain", **live.room.bearer},
        )
        == 415
    )
    assert await server.status("PUT", whip(live), data=offer, headers=live.room.bearer) == 405
    assert await server.status("DELETE", whip(live) + "/none", headers=live.room.bearer) == 404

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"a" * 1_000

    assert (
        await server.status(
            "POST", whip(live), data=chunks(), headers={"Content-Type": SDP, **live.room.bearer}
        )
        == 413
    )
    assert (
        await server.status(
            "POST", "/api/rooms", data=chunks(), headers={"Content-Type": "application/json"}
        )
        == 413
    )


async def test_trickle_and_ice_restart(unharmed: Live) -> None:
    """Candidates get 204, garbage 400, a wrong type 415. A restart with another certificate gets
    422, one of a former ICE session 412, one without If-Match 428; none has an effect.
    """
    live, path = unharmed, session_path(unharmed)
    rtc = live.server.session(live.room).rtc
    ufrag, password = rtc._ice.current.remote_ufrag, rtc._ice.current.remote_password
    headers = {"Content-Type": FRAGMENT, "If-Match": f'"{rtc.ufrag}"', **live.room.bearer}
    trickle = (
        f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\nm=video 9 UDP/TLS/RTP/SAVPF "
        "0\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 5 typ host\r\n"
    )
    assert await live.server.status("PATCH", path, data=trickle, headers=headers) == 204
    restart = trickle.replace(ufrag, "another").replace(password, "p" * 22)
    for fragment, match, status in (
        (restart + "a=fingerprint:sha-256 00:11\r\n", "*", 422),
        (restart + "a=setup:passive\r\n", "*", 422),
        (trickle.replace(ufrag, "another"), "*", 422),
        (trickle.replace(password, "p" * 22), "*", 422),
        (restart, '"stale"', 412),
        (trickle, '"stale"', 412),
    ):
        changed = {**headers, "If-Match": match}
        assert await live.server.status("PATCH", path, data=fragment, headers=changed) == status
    unconditional = {"Content-Type": FRAGMENT, **live.room.bearer}
    assert await live.server.status("PATCH", path, data=restart, headers=unconditional) == 428
    assert (rtc._ice.current.remote_ufrag, rtc._ice.past) == (ufrag, ())
    assert (
        await live.server.status("PATCH", path, data="nothing of the kind", headers=headers) == 400
    )
    assert await live.server.status("PATCH", path, data="", headers=headers) == 400
    assert (
        await live.server.status(
            "PATCH", path, data=trickle, headers={**headers, "Content-Type": SDP}
        )
        == 415
    )
    assert await live.server.status("PATCH", path, data="a=x\r\n" * 20_000, headers=headers) == 413
    assert await live.server.status("PATCH", path[:-1] + "_", data=trickle, headers=headers) == 404
    assert (
        await live.server.status("PATCH", path, data=trickle, headers={"Content-Type": FRAGMENT})
        == 401
    )


async def test_datagrams_from_strangers(unharmed: Live) -> None:
    """Empty datagrams, garbage, STUN, DTLS and RTP of strangers are dropped and counted."""
    live, rejected = unharmed, unharmed.server.udp.rejected
    noise = random.Random(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.connect(("127.0.0.1", live.server.udp.port))
        stranger.send(b"")
        for first in range(256):
            stranger.send(bytes([first]) + noise.randbytes(noise.randrange(100)))
        stranger.send(bytes([0x80, 101]) + bytes(1_990))
        stranger.send(bytes(3_000))
        names = f"{live.server.session(live.room).rtc.ufrag}:x".encode()
        forged = (
            b"\0\x01"
            + (len(names) + 4 + -len(names) % 4).to_bytes(2, "big")
            + b"\x21\x12\xa4\x42"
            + bytes(12)
        )
        stranger.send(
            forged + b"\0\x06" + len(names).to_bytes(2, "big") + names + bytes(-len(names) % 4)
        )
        await eventually(lambda: rejected.unreadable >= 1)
    assert (rejected.empty, rejected.oversized, rejected.failed) == (1, 1, 0)
    assert rejected.stranger >= 236
    assert rejected.unknown_kind == 16


async def test_datagrams_from_the_creator_itself(unharmed: Live) -> None:
    """Empty, truncated, replayed and unencrypted packets affect nothing but themselves."""
    live = unharmed
    session = live.server.session(live.room)
    counters, before = session.rtc.counters, session.rtc.counters.rejected
    ssrc = live.publisher.peer.getSenders()[0]._ssrc
    packet = RtpPacket(
        payload_type=101, sequence_number=7, timestamp=1, ssrc=ssrc, payload=b"\x41abc"
    ).serialize()
    live.publisher.send_empty()
    for data in (
        b"\x80",
        b"\x80\x65",
        packet[:5],
        packet[:11],
        packet,
        packet + bytes(1_500),
        b"\x80\xc8\0\x06" + bytes(24),
        b"\x16\xfe\xfd",
        b"\0\x01\0\0",
    ):
        await live.publisher.send_raw(data)
    for length in range(0, 60, 7):
        await live.publisher.send_raw(b"\x90\x65" + os.urandom(length))
    await eventually(lambda: counters.rejected - before >= 10)
    assert live.server.udp.rejected.empty == 1
    assert live.server.udp.rejected.failed == 0


async def test_rtp_that_is_wrong_inside(unharmed: Live) -> None:
    """Encrypted packets with a bad extension length or an unknown payload type are dropped."""
    live = unharmed
    session = live.server.session(live.room)
    counters = session.rtc.counters
    # RFC 8285 one-byte extensions: abs-send-time (id 3) of one byte instead of three, one that
    # exceeds the block, and a missing block.
    for number, extension in enumerate(
        (
            b"\xbe\xde\0\x01\x30\xaa\0\0",
            b"\xbe\xde\0\x01\x3f\xaa\xbb\xcc",
            b"\x10\x00\0\x01\x03\xff\0\0",
        )
    ):
        await live.publisher.transport._send_rtp(
            b"\x90\x4d"
            + number.to_bytes(2, "big")
            + bytes(4)
            + b"\0\0\0\x63"
            + extension
            + b"payload"
        )
    for number, payload_type in enumerate((35, 63, 126)):
        await live.publisher.transport._send_rtp(
            bytes([0x80, payload_type])
            + (10 + number).to_bytes(2, "big")
            + bytes(4)
            + b"\0\0\0\x63payload"
        )
    await eventually(lambda: counters.unknown_payload_types >= {77, 35, 63, 126})


async def test_a_flood_of_unknown_payload_types_is_bounded(unharmed: Live) -> None:
    """The server remembers only a bounded number of foreign streams."""
    live = unharmed
    session = live.server.session(live.room)
    for number in range(600):
        body = (
            bytes([0x80, 35 + number % 29])
            + number.to_bytes(2, "big")
            + bytes(4)
            + number.to_bytes(4, "big")
            + b"x"
        )
        await live.publisher.transport._send_rtp(body)
    await eventually(lambda: len(session.rtc.counters.unknown_payload_types) == 29)
    assert len(session.rtc._reporter.statistics) <= 4


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("garbage", 1007),
        ("{}", 1007),
        ("[]", 1007),
        ("null", 1007),
        ('{"type":"dance"}', 1007),
        ('{"type":"time"}', 1007),
        ('{"type":"time","id":"x"}', 1007),
        ('{"type":"report","media_time":1e999}', 1007),
        ('{"type":"report","media_time":' + "9" * 4_000 + "}", 1007),
        ("[" * 4_000, 1007),
        ("x" * 5_000, 1009),
        (b"x" * 4_097, 1009),
        (b"x" * 3_000_000, 1009),
        (b"\xff" * 5, None),
    ],
    ids=lambda value: str(value)[:20],
)
async def test_garbage_from_a_viewer(unharmed: Live, text: str | bytes, code: int | None) -> None:
    """An invalid notice closes with 1007, a message over 4 KB with 1009; binary is ignored."""
    live = unharmed
    async with Viewer(live.server.http, live.server.url, live.room.name) as viewer:
        await viewer.frames(1)
        try:
            await (
                viewer.ws.send_str(text) if isinstance(text, str) else viewer.ws.send_bytes(text)
            )
        except ConnectionError:  # megabytes are cut off while they are being sent
            assert code == 1009
        if code is None:
            await viewer.frames(3)
        else:
            assert await viewer.closed() in (
                code,
                1006 if isinstance(text, bytes) and len(text) > 1_000_000 else code,
            )


async def test_frames_that_are_no_websocket(unharmed: Live) -> None:
    """Bytes that are no WebSocket frame close only that connection."""
    live = unharmed
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", int(live.server.url.rsplit(":", 1)[1])
    )
    writer.write(
        f"GET /ws/{live.room.name} HTTP/1.1\r\nHost: localhost\r\nUpgrade: "
        "websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    writer.write(os.urandom(20_000))
    async with asyncio.timeout(10):
        while await reader.read(65_536):
            pass
    writer.close()
    await eventually(lambda: live.server.channel(live.room).viewers == 1)


async def test_too_many_messages(unharmed: Live) -> None:
    """Messages above 20 at once are dropped and counted, and the viewer keeps the picture."""
    live = unharmed
    async with Viewer(live.server.http, live.server.url, live.room.name) as viewer:
        for number in range(200):
            await viewer.ws.send_str(f'{{"type":"time","id":{number}}}')
        # The burst may have ten frames, and comes before the answers.
        while not any(notice["type"] == "time" for notice in viewer.notices):
            await viewer.frames(1)
        await viewer.frames(10)
        answers = [notice for notice in viewer.notices if notice["type"] == "time"]
        assert 20 <= len(answers) < 100
        async with live.server.http.get(f"{live.server.url}/metrics") as response:
            told = scrape(await response.text())
        assert told['microlive_dropped_notices_total{path="websocket"}'] == 200 - len(answers)


async def test_too_many_sockets_and_rooms(unharmed: Live) -> None:
    """Past the limit of an address: 429 with Retry-After. A viewer that leaves frees its place."""
    live, server = unharmed, unharmed.server
    first, second = (Viewer(server.http, server.url, live.room.name) for _ in range(2))
    await first.__aenter__()
    await second.__aenter__()
    async with server.http.get(f"{server.url}/ws/{live.room.name}") as response:
        assert response.status == 429 and int(response.headers["Retry-After"]) >= 1
    await first.__aexit__(None, None, None)
    await eventually(lambda: server.channel(live.room).viewers == 2)
    async with Viewer(server.http, server.url, live.room.name) as third:
        await third.frames(1)
    await second.__aexit__(None, None, None)
    for _ in range(2):
        await server.create()
    async with server.http.post(f"{server.url}/api/rooms", json={}) as response:
        assert response.status == 429 and int(response.headers["Retry-After"]) >= 1


async def test_a_viewer_that_reads_nothing(unharmed: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """A viewer that stops reading is marked slow, and closed in the end. Other viewers notice
    nothing.
    """
    monkeypatch.setattr("relay.websocket.viewer.READS_NOTHING", 1.0)
    live = unharmed
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stuck:
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        stuck.connect(("127.0.0.1", int(live.server.url.rsplit(":", 1)[1])))
        stuck.send(
            f"GET /ws/{live.room.name} HTTP/1.1\r\nHost: localhost\r\nUpgrade: "
            "websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
            "AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        await eventually(lambda: live.server.channel(live.room).viewers == 2)
        live.publisher.camera.size = (640, 480)
        await eventually(lambda: live.server.channel(live.room).viewers == 1, 25)
    await live.viewer.until(lambda: True)


async def test_a_player_without_the_codecs(unharmed: Live) -> None:
    """A viewer that cannot decode the stream is closed with 4415. A long query gets 400."""
    live = unharmed
    async with Viewer(
        live.server.http, live.server.url, live.room.name, "player=x&codecs=vp09,opus"
    ) as viewer:
        assert await viewer.closed() == 4415
    async with Viewer(
        live.server.http, live.server.url, live.room.name, "codecs=avc1.64001F,opus"
    ) as viewer:
        await viewer.frames(1)
    assert await live.server.status("GET", f"/ws/{live.room.name}?player={'x' * 400}") == 400


async def test_packets_from_a_second_source(unharmed: Live) -> None:
    """The publisher's packets from another address are dropped, and so are another publisher's."""
    live, rejected = unharmed, unharmed.server.udp.rejected
    leaving = capture(live.publisher)
    await eventually(lambda: len(leaving) >= 40)
    captured = leaving[:40]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.connect(("127.0.0.1", live.server.udp.port))
        for data in captured:
            stranger.send(data)
        await eventually(lambda: rejected.stranger >= len(captured))
    other = await live.server.create()
    async with Publisher(live.server.http, other.whip, other.key) as second:
        counters = live.server.session(other).rtc.counters
        before = counters.rejected
        for data in captured:
            await second.send_raw(data)
        await eventually(lambda: counters.rejected >= before + len(captured))
    assert rejected.failed == 0


async def test_replayed_packets(unharmed: Live) -> None:
    """Packets repeated from the publisher's own address: SRTP rejects them."""
    live = unharmed
    counters = live.server.session(live.room).rtc.counters
    captured = capture(live.publisher)
    await eventually(lambda: len(captured) >= 40)
    replayed, before, packets = list(captured), counters.rejected, counters.packets
    for _ in range(5):
        for data in replayed:
            await live.publisher.send_raw(data)
    await eventually(lambda: counters.rejected >= before + 5 * len(replayed))
    fresh = len(captured) - 6 * len(replayed)  # what was replayed was captured once more
    assert counters.packets - packets <= fresh + 10


async def test_a_flood_of_tiny_packets(unharmed: Live) -> None:
    """20,000 packets of 1 to 13 bytes from any address cost no memory and no frame."""
    live = unharmed
    other = await live.server.create()
    async with Publisher(live.server.http, other.whip, other.key) as rude:
        rtc = live.server.session(other).rtc
        before, memory = rtc.counters.rejected, resident()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.connect(("127.0.0.1", live.server.udp.port))
            for number in range(10_000):
                data = bytes((0x80 | number & 3, 101)) + bytes(number % 12)
                await rude.send_raw(data)
                stranger.send(data)
                if number % 100 == 0:
                    await asyncio.sleep(0)
        await eventually(lambda: rtc.counters.rejected > before + 1_000)
        assert resident() - memory < 20_000_000
    assert live.server.udp.rejected.failed == 0


async def test_a_sender_that_ignores_keyframe_requests(server: Server) -> None:
    """The sender is asked for keyframes quickly at first, then once a second.

    None of its frames is shown or kept, and another room goes on.
    """
    room, other = await server.create(), await server.create()
    async with (
        Publisher(server.http, room.whip, room.key) as deaf,
        Publisher(server.http, other.whip, other.key),
    ):
        deaf.ignore_keyframe_requests()
        deaf.camera.flashing = False
        async with (
            Viewer(server.http, server.url, room.name) as viewer,
            Viewer(server.http, server.url, other.name) as unharmed,
        ):
            await viewer.frames(40)  # keyframes that were requested before have arrived by then
            rtc = server.session(room).rtc
            for _ in range(5):
                rtc.reassembly.needs_keyframe = True  # as after a loss that could not be mended
                shown, plis = len(viewer.media(Track.VIDEO)), rtc.counters.plis
                began, packets = time.monotonic(), rtc.counters.packets
                await eventually(
                    lambda before=plis: (  # type: ignore[misc]
                        rtc.counters.plis >= before + 5 or not rtc.reassembly.needs_keyframe
                    )
                )
                if rtc.reassembly.needs_keyframe:
                    break  # otherwise the encoder sent a keyframe of its own, as for a new bitrate
            else:
                raise AssertionError("the sender sends keyframes of its own all the time")
            assert 1.4 < time.monotonic() - began
            assert rtc.counters.packets > packets + 30
            assert len(viewer.media(Track.VIDEO)) - shown <= 5
            await unharmed.frames(10)
            unharmed.assert_unbroken()
            deaf.heed_keyframe_requests()
            await viewer.frames(10)
            assert len(viewer.pictures()) == len(viewer.media(Track.VIDEO))


@pytest.mark.parametrize(
    "host", ["5f3b1c2e-8a7d-4c1b-9e0f-1234567890ab.local", "nobody.invalid", "192.0.2.1"]
)
async def test_candidates_that_lead_nowhere_never_stall(unharmed: Live, host: str) -> None:
    """An offer and a PATCH with a hundred `.local` names (mDNS) wait for no name resolution."""
    live = unharmed
    candidates = "".join(
        f"a=candidate:{n} 1 udp 2113937151 {host} {50_000 + n} typ host generation 0\r\n"
        for n in range(100)
    )
    room = await live.server.create()
    headers = {"Content-Type": SDP, **room.bearer}
    began = time.monotonic()
    async with live.server.http.post(
        room.whip, data=stored_offer("chromium") + candidates, headers=headers
    ) as response:
        assert response.status == 201
        location = response.headers["Location"]
    ufrag = live.server.room(room).sessions[0].rtc._ice.current.remote_ufrag
    fragment = f"a=ice-ufrag:{ufrag}\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n{candidates}"
    async with live.server.http.patch(
        location, data=fragment, headers={**headers, "Content-Type": FRAGMENT, "If-Match": "*"}
    ) as response:
        assert response.status == 204
    assert time.monotonic() - began < 4, "a hundred resolutions take longer"
    assert (
        await live.server.status(
            "DELETE", location.removeprefix(live.server.url), headers=room.bearer
        )
        == 200
    )


def capture(publisher: Publisher) -> list[bytes]:
    """Records what the publisher sends from now on: encrypted media."""
    captured: list[bytes] = []
    ice = publisher.transport.transport
    send = ice._send

    async def keep(data: bytes) -> None:
        if data[0] > 127:
            captured.append(data)
        await send(data)

    ice._send = keep
    return captured


def resident() -> int:
    """Resident memory of this process, publishers included, bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
