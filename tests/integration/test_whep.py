"""Playback over WebRTC: a real publisher, and aiortc as a viewer that decodes."""

import asyncio
import os
import re
import socket
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import ClientSession

from relay.message import Kind
from tests.fixtures.deadline import eventually
from tests.fixtures.player import SDP, WhepPlayer
from tests.fixtures.publisher import BRIGHT, DARK, Publisher
from tests.fixtures.server import running
from tests.fixtures.viewer import Viewer
from tests.integration.conftest import Live


def whep_of(live: Live) -> str:
    return f"{live.server.url}/whep/{live.room.name}"


async def test_a_viewer_sees_and_hears_the_creator(live: Live) -> None:
    """Video and audio decode, with the flash and the tone of each second.

    It counts as a viewer until DELETE ends it.
    """
    async with WhepPlayer(live.server.http, whep_of(live)) as player:
        await player.frames(75, 120)
        light = [frame.to_ndarray()[: frame.height].mean() for frame in player.pictures]
        assert min(light) < DARK + 20 and max(light) > BRIGHT - 20
        loud = [np.abs(frame.to_ndarray()).max() for frame in player.sounds]
        assert min(loud) < 500 and max(loud) > 5_000
        assert live.server.channel(live.room).viewers == 2
        assert await player.delete() == 200
        assert live.server.channel(live.room).viewers == 1
        assert await player.delete() == 200  # ended already, less than a minute ago
    assert live.server.udp.peers.keys() == {live.server.session(live.room).rtc.ufrag}


async def test_a_viewer_joins_at_the_cached_keyframe(live: Live) -> None:
    """Frames since the last IDR come at once and in order, without a keyframe request or a NACK."""
    await live.viewer.frames(30)
    async with (
        WhepPlayer(live.server.http, whep_of(live)) as player,
        WhepPlayer(live.server.http, whep_of(live)) as second,
    ):
        await asyncio.gather(player.frames(30), second.frames(30))
        times = [frame.pts or 0 for frame in player.pictures]
        assert all(before < after for before, after in zip(times, times[1:], strict=False))
        counters = [session.counters for session in live.server.whep.sessions]
        assert [(each.nacks, each.plis, each.dropped) for each in counters] == [(0, 0, 0)] * 2


async def test_lost_packets_are_sent_again(live: Live) -> None:
    """One video packet in eight is lost: NACKed packets arrive, and frames go on."""
    for rtx in (True, False):
        async with WhepPlayer(live.server.http, whep_of(live), rtx=rtx) as player:
            await player.frames(5)
            player.lose(8)
            await player.frames(40, seconds=20)
            (session,) = live.server.whep.sessions
            assert player.lost and session.counters.nacks
            assert session.counters.resent == session.counters.nacks


class FullSocket(socket.socket):
    """A socket whose buffer is full at the first three attempts to send."""

    refused = 0

    def sendto(self, *arguments: Any) -> int:
        self._refuse()
        return super().sendto(*arguments)

    def sendmsg(self, *arguments: Any) -> int:
        self._refuse()
        return super().sendmsg(*arguments)

    def _refuse(self) -> None:
        if self.refused < 3:
            self.refused += 1
            raise BlockingIOError


async def test_a_full_socket_drops_the_frame_and_pictures_go_on(
    live: Live,
) -> None:
    """Nothing is queued. The frame and those after it count as dropped, up to the requested IDR."""
    async with WhepPlayer(live.server.http, whep_of(live)) as player:
        await player.frames(5)
        (session,) = live.server.whep.sessions
        route = session._route
        assert route is not None
        whole = route.socket
        with FullSocket(fileno=os.dup(whole.fileno())) as full:
            route.socket = full
            await eventually(lambda: full.refused == 3)
            await player.frames(40, seconds=20)
            assert session.counters.dropped >= 1
            route.socket = whole


async def test_a_viewer_by_webrtc_hears_of_the_room_and_of_the_clock_without_media(
    live: Live,
) -> None:
    """`media=0` brings hello, events, inits and a record without a body each second.

    That viewer is not counted twice.
    """
    async with Viewer(
        live.server.http, live.server.url, live.room.name, "player=whep&media=0"
    ) as onlooker:
        await onlooker.event(state="live")
        await onlooker.until(
            lambda: len([record for record in onlooker.records if record.kind is Kind.MEDIA]) >= 2
        )
        assert all(
            record.body == b"" and record.capture <= record.publish
            for record in onlooker.records
            if record.kind is Kind.MEDIA
        )
        assert live.server.channel(live.room).viewers == 1
        assert (
            await live.server.status(
                "DELETE", f"/api/rooms/{live.room.name}", headers=live.room.bearer
            )
            == 204
        )
        assert await onlooker.closed() == 4410


async def test_the_end_of_the_room_ends_every_session(live: Live) -> None:
    """It ends sessions that play and those that never connected; a later offer gets 410."""
    stranger = WhepPlayer(live.server.http, whep_of(live))
    async with WhepPlayer(live.server.http, whep_of(live)) as player:
        offer = await stranger.offer()
        assert (
            await live.server.status("POST", f"/whep/{live.room.name}", data=offer, headers=SDP)
            == 201
        )
        await player.frames(5)
        assert len(live.server.whep.sessions) == 2
        await live.server.status("DELETE", f"/api/rooms/{live.room.name}", headers=live.room.bearer)
        await eventually(lambda: not live.server.whep.sessions and not live.server.udp.peers)
        assert (
            await live.server.status("POST", f"/whep/{live.room.name}", data=offer, headers=SDP)
            == 410
        )
    await stranger.peer.close()


async def test_requests_that_cannot_be_served(live: Live) -> None:
    """Each gets the status of its error and leaves nothing behind."""
    server, path = live.server, f"/whep/{live.room.name}"
    player = WhepPlayer(server.http, whep_of(live))
    offer = await player.offer()
    idle = await server.create(title="Soon")
    wrong = [
        (404, "/whep/nosuch", offer, SDP),
        (409, f"/whep/{idle.name}", offer, SDP),
        (415, path, offer, {"Content-Type": "text/plain"}),
        (400, path, "hello", SDP),
        (413, path, "v=0" + "x" * 70_000, SDP),
        (406, path, offer.replace("H264", "VP9"), SDP),
        (422, path, offer.replace("a=recvonly", "a=sendonly"), SDP),
    ]
    for status, where, body, headers in wrong:
        assert (await server.status("POST", where, data=body, headers=headers), where) == (
            status,
            where,
        )
    assert not server.whep.sessions and len(server.udp.peers) == 1
    async with server.http.post(
        server.url + path, data=offer, headers={**SDP, "Origin": server.url}
    ) as answer:
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (201, server.url)
        assert "Link" not in answer.headers
        session = answer.headers["Location"].removeprefix(server.url)
    trickle = {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*"}
    assert (
        await server.status("PATCH", session, data="a=end-of-candidates\r\n", headers=trickle)
        == 204
    )
    assert (
        await server.status("PATCH", session, data="a=ice-ufrag:other\r\n", headers=trickle) == 422
    )
    assert await server.status("PATCH", session, data="nonsense", headers=trickle) == 400
    assert await server.status("PATCH", session, data=offer, headers=SDP) == 422
    assert await server.status("OPTIONS", path) == 204
    assert await server.status("GET", path) == await server.status("HEAD", path) == 200
    assert await server.status("DELETE", session.replace(live.room.name, idle.name)) == 404
    assert await server.status("DELETE", session) == 200
    await player.peer.close()


async def test_an_answer_names_the_ice_servers(tmp_path: Path) -> None:
    """One Link per server, with TURN credentials for the viewer's address (RFC 9725 §4.6).

    Without servers there is no such header.
    """
    async with running(
        tmp_path,
        ice_servers=("stun:stun.example.org",),
        turn_urls=("turn:own.example.org",),
        turn_secret="north",
    ) as server:
        room = await server.create()
        async with Publisher(server.http, room.whip, room.key):
            await eventually(lambda: server.stream(room).tracks)
            player, users = WhepPlayer(server.http, f"{server.url}/whep/{room.name}"), set()
            offer = await player.offer()
            for _ in range(2):
                async with server.http.post(
                    f"{server.url}/whep/{room.name}", data=offer, headers=SDP
                ) as answer:
                    stun, turn = answer.headers.getall("Link")
                assert stun == '<stun:stun.example.org>; rel="ice-server"'
                found = re.match(
                    (
                        r'<turn:own.example.org>; rel="ice-server"; '
                        r'username="\d{10}:(viewer-\w+)"; credential="[\w+/]+=";'
                    ),
                    turn,
                )
                assert found is not None
                users.add(found[1])
            assert len(users) == 1
            await player.peer.close()


async def test_one_address_has_a_bound(tmp_path: Path) -> None:
    """Sessions and attempts per address are limited; a session that ended frees its place."""
    async with (
        running(tmp_path, max_sockets_per_address=1, max_whep_per_address_minute=4) as server,
        ClientSession() as http,
    ):
        room = await server.create()
        async with Publisher(http, room.whip, room.key):
            await eventually(lambda: server.stream(room).tracks)
            player = WhepPlayer(http, f"{server.url}/whep/{room.name}")
            offer, path = await player.offer(), f"/whep/{room.name}"
            async with http.post(server.url + path, data=offer, headers=SDP) as answer:
                session = answer.headers["Location"]
            assert await server.status("POST", path, data=offer, headers=SDP) == 429
            async with http.delete(session) as answer:
                assert answer.status == 200
            assert await server.status("POST", path, data=offer, headers=SDP) == 201
            assert await server.status("POST", path, data="hello", headers=SDP) == 429
            assert await server.status("POST", path, data=offer, headers=SDP) == 429
            await player.peer.close()
