"""The life of a room as viewers see it: size changes, absences, takeovers, ends and restarts."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from relay.rtc import peer_session
from relay.rtc.receive import session as rtc_session
from relay.sample import Track
from server.ingest import ingestion
from server.rooms.beacon import Beacon
from tests.fixtures.deadline import eventually
from tests.fixtures.publisher import Publisher
from tests.fixtures.server import SDP, NewRoom, Server, running
from tests.fixtures.viewer import Viewer, assert_sound_has_no_hole
from tests.integration.conftest import Live


async def test_another_size_in_the_middle_brings_an_init(live: Live) -> None:
    """A turned camera produces a new init segment; every frame decodes in its own size."""
    live.publisher.camera.size = (120, 160)
    await live.viewer.until(lambda: len(live.viewer.inits(Track.VIDEO)) == 2)
    await live.viewer.frames(20)
    live.viewer.assert_unbroken()
    sizes = [(frame.width, frame.height) for frame in live.viewer.pictures()]
    assert len(sizes) == len(live.viewer.media(Track.VIDEO))
    assert sizes[0] == (160, 120) and sizes[-1] == (120, 160)
    assert sizes == sorted(sizes, reverse=True)


async def test_sound_goes_on_when_its_packets_stop(live: Live) -> None:
    """Two seconds without audio packets become silence without a gap; no frame is lost."""
    assert live.publisher.microphone
    live.publisher.microphone.running.clear()
    await live.viewer.frames(60)
    stopped = len(live.viewer.media(Track.AUDIO))
    live.publisher.microphone.running.set()
    await live.viewer.frames(50)
    assert_sound_has_no_hole(live.viewer)
    live.viewer.assert_unbroken()
    assert stopped > 20
    await live.viewer.until(
        lambda: abs(live.viewer.edge(Track.VIDEO) - live.viewer.edge(Track.AUDIO)) < 200_000
    )  # once the encoder has caught up
    await live.viewer.until(
        lambda: any(frame.to_ndarray().any() for frame in live.viewer.sounds()[-60:])
    )  # the microphone is audible again


async def test_a_creator_without_a_microphone(server: Server) -> None:
    """Video alone gets a continuous track of silence."""
    room = await server.create()
    async with (
        Publisher(server.http, room.whip, room.key, sound=False),
        Viewer(server.http, server.url, room.name) as viewer,
    ):
        await viewer.frames(45)
        assert_sound_has_no_hole(viewer)
        await viewer.until(
            lambda: abs(viewer.edge(Track.VIDEO) - viewer.edge(Track.AUDIO)) < 200_000
        )  # silence keeps time with the pictures
        assert not any(frame.to_ndarray().any() for frame in viewer.sounds())


async def test_lost_packets_are_asked_for_and_mended(live: Live) -> None:
    """One packet in 15 is lost once: retransmission restores each, and viewers miss nothing."""
    ice = live.publisher.transport.transport
    send, count = ice._send, 0

    async def lossy(data: bytes) -> None:
        nonlocal count
        if 127 < data[0] < 192 and not 191 < data[1] < 224 and data[1] & 0x7F != 102:
            count += 1
            if count % 15 == 0:
                return
        await send(data)

    ice._send = lossy
    await live.viewer.frames(60, 20)
    ice._send = send
    reassembly = live.server.session(live.room).rtc.reassembly
    await eventually(lambda: not reassembly.missing)
    assert reassembly.repaired > 0
    assert live.server.session(live.room).rtc.counters.nacks >= reassembly.repaired
    if reassembly.given_up == 0:  # a deadline of 200 ms can pass on a machine that stands still
        live.viewer.assert_unbroken()
    assert len(live.viewer.pictures()) == len(live.viewer.media(Track.VIDEO))


async def test_a_second_post_takes_over(live: Live) -> None:
    """The new session continues without AWAY: epoch 2, media time advances, the old one ends."""
    before = len(live.viewer.events)
    async with Publisher(live.server.http, live.room.whip, live.room.key) as second:
        await live.viewer.until(
            lambda: [record for record in live.viewer.media(Track.VIDEO) if record.epoch == 2]
        )
        await live.viewer.frames(10)
        assert await live.publisher.delete() == 200  # ended already, less than a minute ago
        assert "away" not in [event.get("state") for event in live.viewer.events[before:]]
        times = [record.media_time for record in live.viewer.media(Track.VIDEO)]
        epochs = [record.epoch for record in live.viewer.media(Track.VIDEO)]
        assert epochs == sorted(epochs) and set(epochs) == {1, 2}
        assert all(first < next_ for first, next_ in zip(times, times[1:], strict=False))
        first_of_2 = next(record for record in live.viewer.media(Track.VIDEO) if record.epoch == 2)
        assert int(first_of_2.flags) & 5 == 5  # KEY and DISCONTINUITY
        assert len(live.viewer.pictures()) == len(live.viewer.media(Track.VIDEO))
        await eventually(lambda: live.publisher.peer.connectionState == "closed")
        assert await second.delete() == 200


async def test_many_takeovers_at_once_leave_one_publisher(live: Live) -> None:
    """Five devices with one key at once: one remains, and viewers never get two at a time."""
    rivals = [Publisher(live.server.http, live.room.whip, live.room.key) for _ in range(5)]
    try:
        await asyncio.gather(*(rival.publish() for rival in rivals), return_exceptions=True)
        room = live.server.room(live.room)
        await eventually(lambda: len(room.sessions) == 1 and len(live.server.udp.peers) == 1)
        await eventually(
            lambda: (
                sum(
                    rival.peer.connectionState == "connected" for rival in [live.publisher, *rivals]
                )
                == 1
            )
        )
        (session,) = room.sessions
        assert live.server.session(live.room) is session
        epoch = room._epoch
        await live.viewer.until(lambda: live.viewer.media(Track.VIDEO)[-1].epoch == epoch)
        await live.viewer.frames(10)
        epochs = [record.epoch for record in live.viewer.media(Track.VIDEO)]
        assert epochs == sorted(epochs)
        times = [record.media_time for record in live.viewer.media(Track.VIDEO)]
        assert all(first < next_ for first, next_ in zip(times, times[1:], strict=False))
    finally:
        await asyncio.gather(*(rival.peer.close() for rival in rivals))


async def test_a_takeover_by_a_creator_who_sends_nothing_is_an_absence(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The former session is gone: viewers see AWAY until the new camera sends frames."""
    monkeypatch.setattr(ingestion, "SILENT_FOR", 0.5)
    second = Publisher(live.server.http, live.room.whip, live.room.key)
    assert second.microphone
    second.camera.running.clear()
    second.microphone.running.clear()
    async with second:
        await live.viewer.event(state="away")
        second.camera.running.set()
        await live.viewer.until(lambda: states(live.viewer)[-1] == "live")
        await live.viewer.until(lambda: live.viewer.media(Track.VIDEO)[-1].epoch == 2)


async def health(live: Live) -> dict[str, Any]:
    async with live.server.http.get(
        f"{live.server.url}/api/rooms/{live.room.name}/health", headers=live.room.bearer
    ) as response:
        found: dict[str, Any] = await response.json()
        return found


async def test_the_creator_gets_the_health(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """What viewers report. A viewer that leaves is forgotten."""
    beacons: list[tuple[Beacon, Beacon | None]] = []
    audience_of_room = live.server.room(live.room)._audience
    monkeypatch.setattr(audience_of_room, "_on_beacon", lambda *beacon: beacons.append(beacon))
    async with Viewer(live.server.http, live.server.url, live.room.name) as other:
        await other.frames(1)
        report = {
            "type": "report",
            "media_time": other.edge(Track.VIDEO),
            "player": "mse",
            "playing": True,
            "behind_lens": 140.0,
            "stalls": 0,
            "first_picture": 90,
        }
        await other.tell(report, lambda: len(beacons) == 1)
        absurd = {
            "playing": False,
            "behind_lens": "late",
            "stalls": -3,
            "player": ["mse"],
            "first_picture": 1e99,
        }
        await other.tell({**report, **absurd}, lambda: len(beacons) == 2)
        audience = (await health(live))["audience"]
        assert {
            "watching": 2,
            "reporting": 1,
            "playing": 0,
            "players": {"other": 1},
        }.items() <= audience.items()
        await other.tell(report, lambda: len(beacons) == 3)
        assert beacons[0] == (Beacon("mse", True, 140.0, 0, 90.0), None)
        assert beacons[2][1] == beacons[1][0]._replace(stalls=0, first_picture=90.0), (
            "what was told stays true"
        )
        audience = (await health(live))["audience"]
        assert (audience["playing"], audience["behind_lens"], audience["players"]) == (
            1,
            {"p50": 140, "p95": 140},
            {"mse": 1},
        )
        assert other.close_code is None
    await eventually(lambda: live.server.channel(live.room).viewers == 1)
    audience = (await health(live))["audience"]
    assert (audience["watching"], audience["reporting"]) == (1, 0)


async def test_the_creator_gets_the_figures_of_what_arrives(live: Live) -> None:
    ingest: dict[str, Any] = {}

    def is_steady() -> bool:
        """Whether these are the figures of a camera that runs in real time."""
        return (
            (ingest["bitrate"] or 0) > 1_000
            and 20 < (ingest["fps"] or 0) < 40
            and 0 < ingest["gap"] < 1_000
            and 0 <= ingest["keyframe_age"] < 10_000
        )

    try:
        # A camera that had to wait for a core catches up faster than in real time.
        async with asyncio.timeout(30):
            while not ingest or not is_steady():
                await live.viewer.frames(10)
                ingest = (await health(live))["ingest"]
    except TimeoutError:
        raise AssertionError(f"never steady: {ingest}") from None


async def test_a_failed_takeover_changes_nothing(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An offer that never connects times out; the live loses no frame."""
    monkeypatch.setattr(peer_session, "CONNECT_TIMEOUT", 0.3)
    ghost = Publisher(live.server.http, live.room.whip, live.room.key)
    offer = await ghost.offer()
    await ghost.peer.close()
    assert (
        await live.server.status(
            "POST",
            f"/whip/{live.room.name}",
            data=offer,
            headers={"Content-Type": SDP, **live.room.bearer},
        )
        == 201
    )
    assert len(live.server.room(live.room).sessions) == 2
    await eventually(lambda: len(live.server.room(live.room).sessions) == 1)
    await live.viewer.frames(10)
    live.viewer.assert_unbroken()
    assert len(live.server.udp.peers) == 1


async def test_an_ice_restart_in_the_middle_of_a_takeover(live: Live) -> None:
    """It changes nothing in the live; a session that was replaced cannot be restarted."""
    http, rtc = live.server.http, live.server.session(live.room).rtc
    ghost = Publisher(http, live.room.whip, live.room.key)
    headers = {"Content-Type": SDP, **live.room.bearer}
    path = f"/whip/{live.room.name}"
    assert await live.server.status("POST", path, data=await ghost.offer(), headers=headers) == 201
    before = rtc.ufrag
    assert await live.publisher.restart_ice() == 200
    await eventually(lambda: before not in live.server.udp.peers)  # media uses the new ICE session
    await live.viewer.frames(10)
    live.viewer.assert_unbroken()
    assert live.server.session(live.room).rtc is rtc and rtc.ufrag in live.server.udp.peers
    async with Publisher(http, live.room.whip, live.room.key):
        await eventually(lambda: live.server.session(live.room).rtc is not rtc)
        assert await live.publisher.restart_ice() == 404
        await live.viewer.frames(10)
    await ghost.peer.close()


def states(viewer: Viewer) -> list[str]:
    """Returns the states of the room in the events of the viewer, oldest first."""
    return [event["state"] for event in viewer.events if "state" in event]


async def test_delete_of_the_session_and_a_return(live: Live) -> None:
    """DELETE makes the room AWAY, a new POST makes it LIVE; media time advanced by the absence."""
    last = live.viewer.media(Track.VIDEO)[-1]
    assert await live.publisher.delete() == 200
    await live.viewer.event(state="away")
    assert await live.server.state(live.room) == "away"
    assert await live.publisher.delete() == 200  # ended already, less than a minute ago
    assert live.server.udp.peers == {}
    async with Publisher(live.server.http, live.room.whip, live.room.key):
        await live.viewer.until(lambda: live.viewer.media(Track.VIDEO)[-1].epoch == 2)
        first = next(record for record in live.viewer.media(Track.VIDEO) if record.epoch == 2)
        assert first.media_time - last.media_time == pytest.approx(
            first.publish - last.publish, abs=500_000
        )
        await eventually(lambda: states(live.viewer)[-1] == "live")


async def test_a_creator_that_hangs_up_is_away_at_once(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DTLS signals the close; it does not take 5 s of silence."""
    monkeypatch.setattr(ingestion, "SILENT_FOR", 120)
    monkeypatch.setattr(ingestion, "UNREACHABLE_AFTER", 120)
    await live.publisher.peer.close()
    await live.viewer.event(state="away")


async def test_a_network_that_is_gone_is_noticed_in_five_seconds(live: Live) -> None:
    """Without packets: AWAY. If the network returns before consent expires, the session goes on."""
    session = live.server.session(live.room)
    began = time.monotonic()
    live.publisher.cut()
    await live.viewer.event(state="away")
    assert time.monotonic() - began < 5
    live.publisher.mend()
    await live.viewer.until(lambda: states(live.viewer)[-1] == "live")
    await live.viewer.frames(5)
    assert live.server.session(live.room) is session
    assert {record.epoch for record in live.viewer.media(Track.VIDEO)} == {1}


async def test_no_ghost_stays_behind(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a long silence the session and its entry at the port are gone; the room waits."""
    monkeypatch.setattr(rtc_session, "SILENCE_MAX", 1.0)
    live.publisher.cut()
    await live.viewer.event(state="away")
    await eventually(lambda: not live.server.room(live.room).sessions and not live.server.udp.peers)
    assert live.server.stream(live.room)._publisher is None
    assert await live.server.state(live.room) == "away"
    live.publisher.mend()  # its goodbye reaches no session


async def test_a_creator_who_shows_nothing_is_still_within_reach(live: Live) -> None:
    """Checks and answers to our probes keep a session without media."""
    assert live.publisher.microphone
    rtc = live.server.session(live.room).rtc
    live.publisher.camera.running.clear()
    live.publisher.microphone.running.clear()
    await eventually(lambda: time.monotonic() - (rtc.counters.last_media or 0) > 3.5)
    assert rtc.silence(time.monotonic()) < 2
    assert states(live.viewer)[-1] == "live"


async def test_silence_of_both_tracks_is_an_absence(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without sound and frames the room is AWAY; with them, in the same session, LIVE."""
    assert live.publisher.microphone
    monkeypatch.setattr(ingestion, "SILENT_FOR", 0.5)
    live.publisher.camera.running.clear()
    live.publisher.microphone.running.clear()
    await live.viewer.event(state="away")
    live.publisher.camera.running.set()
    live.publisher.microphone.running.set()
    await live.viewer.until(lambda: states(live.viewer)[-1] == "live")
    await live.viewer.frames(10)
    assert {record.epoch for record in live.viewer.media(Track.VIDEO)} == {1}


async def test_the_end_of_a_room(live: Live) -> None:
    """DELETE of the room closes viewers with 4410 and hangs up on the publisher.

    Later requests get 410 and 409.
    """
    assert (
        await live.server.status("DELETE", f"/api/rooms/{live.room.name}", headers=live.room.bearer)
        == 204
    )
    assert await live.viewer.closed() == 4410
    assert states(live.viewer)[-1] == "ended"
    await eventually(lambda: live.publisher.peer.connectionState == "closed")
    assert await live.server.status("GET", f"/ws/{live.room.name}") == 410
    offer = {"data": "v=0", "headers": {"Content-Type": SDP, **live.room.bearer}}
    assert await live.server.status("POST", f"/whip/{live.room.name}", **offer) == 409
    assert live.server.udp.peers == {}


async def test_a_room_whose_creator_does_not_come_back_ends(tmp_path: Path) -> None:
    """After the grace time AWAY becomes ENDED."""
    async with running(tmp_path, away_grace=0.3) as server:
        room = await server.create()
        async with (
            Publisher(server.http, room.whip, room.key) as publisher,
            Viewer(server.http, server.url, room.name) as viewer,
        ):
            await viewer.frames(3)
            await publisher.delete()
            assert await viewer.closed() == 4410
        assert await server.state(room) == "ended"


async def test_a_restart_loses_no_room(tmp_path: Path) -> None:
    """Viewers are closed with 1001.

    After the restart the room is AWAY, its key is valid, and media time advances in a new stream.
    """
    async with running(tmp_path) as server:
        room = await server.create(title="Here before")
        async with Publisher(server.http, room.whip, room.key):
            viewer = Viewer(server.http, server.url, room.name)
            await viewer.__aenter__()
            await viewer.frames(5)
            last = viewer.media(Track.VIDEO)[-1]
            closing = asyncio.create_task(viewer.closed())
    assert await closing == 1001
    await viewer.__aexit__(None, None, None)
    async with running(tmp_path) as server:
        assert await server.state(room) == "away"
        whip = f"{server.url}/whip/{room.name}"
        async with (
            Viewer(server.http, server.url, room.name) as again,
            Publisher(server.http, whip, room.key),
        ):
            await again.frames(5)
            assert again.events[0]["title"] == "Here before"
            first = again.media(Track.VIDEO)[0]
            assert first.media_time - last.media_time == pytest.approx(
                first.publish - last.publish, abs=500_000
            )
            assert again.notices[0]["stream"] != viewer.notices[0]["stream"]


async def test_sigterm_ends_a_live_cleanly(tmp_path: Path) -> None:
    """Exit status 0 and no traceback; the viewer is closed with 1001. The fork server was started
    before any media had to be decoded.
    """
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "server",
            "serve",
            "--port",
            "0",
            "--udp-port",
            "0",
            "--udp-hosts",
            "127.0.0.1",
            "--data",
            str(tmp_path),
            "--max-load",
            "1",
        ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONWARNINGS": "default"},
    )
    assert process.stdout and process.stderr
    try:
        async with asyncio.timeout(30), ClientSession() as http:
            line = (await process.stdout.readline()).decode()
            url = line.removeprefix("listening on ").strip()
            async with http.post(f"{url}/api/rooms", json={}) as response:
                answer = await response.json()
            room = NewRoom(answer["room"], answer["key"], answer["whip"])
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            await eventually(children.read_text)
            async with Publisher(http, room.whip, room.key), Viewer(http, url, room.name) as viewer:
                await viewer.frames(5)
                process.send_signal(signal.SIGTERM)
                assert await viewer.closed() == 1001
                complaint = (await process.stderr.read()).decode()
                assert await process.wait() == 0
                assert "Traceback" not in complaint and "never" not in complaint, complaint
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_many_joins_and_leaves_leave_nothing_behind(live: Live) -> None:
    """200 viewers join and leave: the steady one misses nothing, counts and tasks return."""
    tasks = len(asyncio.all_tasks())
    for _ in range(20):
        guests = [Viewer(live.server.http, live.server.url, live.room.name) for _ in range(10)]
        for guest in guests:
            await guest.__aenter__()
        await guests[-1].frames(1)
        for guest in guests:
            await guest.__aexit__(None, None, None)
    await eventually(lambda: live.server.channel(live.room).viewers == 1)
    # Something of the server may start meanwhile. A leak leaves 200 tasks.
    await eventually(lambda: len(asyncio.all_tasks()) <= tasks + 20)
    await live.viewer.frames(5)
    live.viewer.assert_unbroken()
