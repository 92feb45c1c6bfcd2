"""A live changes the metrics, and what has ended stays counted."""

from collections.abc import Callable

from server.http.playback_metrics import MOST_STALLS
from tests.fixtures.deadline import eventually
from tests.fixtures.metrics import scrape
from tests.fixtures.player import WhepPlayer
from tests.fixtures.server import Server
from tests.fixtures.viewer import Viewer
from tests.integration.conftest import Live


async def metrics(server: Server) -> dict[str, float]:
    async with server.http.get(f"{server.url}/metrics") as response:
        assert response.status == 200
        return scrape(await response.text())


async def test_a_live_moves_the_figures(live: Live) -> None:
    """A publisher, viewers on all three transports and their reports."""
    server, room = live.server, live.room
    report = {
        "type": "report",
        "media_time": live.server.stream(room).edge,
        "player": "mse",
        "playing": True,
        "behind_lens": 120,
        "stalls": 0,
        "first_picture": 90,
    }
    onlooker = Viewer(server.http, server.url, room.name, "media=0")
    async with WhepPlayer(server.http, f"{server.url}/whep/{room.name}") as player, onlooker:
        await player.frames(30)
        async with server.http.get(f"{server.url}/hls/{room.name}/live.m3u8") as response:
            assert response.status == 200
        await live.viewer.ws.send_json(report)
        await eventually(lambda: server.room(room).players == {"mse": 1})
        await live.viewer.tell(
            {**report, "stalls": 2}, lambda: server.room(room).health().audience.stalled == 1
        )
        await onlooker.ws.send_json({**report, "player": "whep", "first_picture": 400})
        await eventually(lambda: server.room(room).players == {"mse": 1, "whep": 1})
        await eventually(lambda: server.channel(room).viewers == 3)
        receiver = server.session(room).rtc
        receiver.request_keyframe()
        await eventually(lambda: receiver.counters.plis)
        found = await metrics(server)
        assert (
            found['microlive_rooms{state="live"}'],
            found["microlive_creators"],
            found["microlive_transcoders"],
        ) == (1, 1, 0)
        for path in ("websocket", "whep", "hls"):
            assert found[f'microlive_viewers{{path="{path}"}}'] == 1
            assert found[f'microlive_joins_total{{path="{path}"}}'] == 1
            assert found[f'microlive_sent_bytes_total{{path="{path}"}}'] > 100
        assert (
            found['microlive_players{player="mse"}']
            == found['microlive_players{player="whep"}']
            == 1
        )
        assert found['microlive_first_picture_seconds_bucket{le="0.1",player="mse"}'] == 1
        assert found['microlive_first_picture_seconds_sum{player="whep"}'] == 0.4
        assert found['microlive_behind_lens_seconds_count{player="mse"}'] == 2
        assert found['microlive_stalls_total{player="mse"}'] == 2
        assert 0 <= found['microlive_delivery_delay_seconds{quantile="0.95"}'] < 10
        assert found["microlive_received_bytes_total"] > 1_000
        assert found['microlive_plis_total{peer="creator"}'] >= 1
        assert found["process_resident_memory_bytes"] > 10_000_000


async def test_a_viewer_by_hls_tells_how_it_fares_and_absurd_numbers_count_for_nothing(
    live: Live,
) -> None:
    """Media arrives by HTTP, reports by a WebSocket without media.

    Absurd values add no label and do not break sums.
    """
    server = live.server

    def playing_by(player: str) -> Callable[[], bool]:
        return lambda: server.room(live.room).players == {player: 1}

    async with Viewer(server.http, server.url, live.room.name, "player=hls&media=0") as viewer:
        report = {
            "type": "report",
            "media_time": 0,
            "player": "hls",
            "playing": True,
            "behind_lens": 1_500,
            "stalls": 0,
            "first_picture": 900,
        }
        await viewer.tell(report, playing_by("hls"))
        await viewer.tell(
            {
                **report,
                "behind_lens": 1e300,
                "stalls": 10**300,
                "first_picture": -7,
                "player": "x" * 3_000,
            },
            playing_by("other"),
        )
        await viewer.tell(
            {**report, "behind_lens": -9e9, "stalls": "x", "playing": []}, playing_by("hls")
        )
        await viewer.tell({**report, "player": "other", "stalls": 999_999}, playing_by("other"))
        found = await metrics(server)
        assert (
            found['microlive_first_picture_seconds_count{player="hls"}'],
            found['microlive_first_picture_seconds_sum{player="hls"}'],
        ) == (1, 0.9)
        assert found['microlive_behind_lens_seconds_sum{player="hls"}'] == 1.5
        assert found['microlive_first_picture_seconds_count{player="other"}'] == 0
        assert (
            found['microlive_stalls_total{player="hls"}'],
            found['microlive_stalls_total{player="other"}'],
        ) == (0, MOST_STALLS)
        assert found['microlive_players{player="other"}'] == 1 and not any(
            "xxx" in name for name in found
        )


async def test_a_total_never_falls(live: Live) -> None:
    """Viewer, publisher and room leave: their bytes stay counted, gauges return to 0."""
    server = live.server
    async with WhepPlayer(server.http, f"{server.url}/whep/{live.room.name}") as player:
        await player.frames(10)
        before = await metrics(server)
        assert await player.delete() == 200
    assert (
        await server.status("DELETE", f"/api/rooms/{live.room.name}", headers=live.room.bearer)
        == 204
    )
    await eventually(lambda: not server.udp.peers)
    after = await metrics(server)
    assert all(
        value >= before[name]
        for name, value in after.items()
        if name.endswith("_total") or "_total{" in name
    )
    assert after["microlive_received_bytes_total"] >= before["microlive_received_bytes_total"] > 0
    assert (
        after["microlive_creators"],
        after['microlive_viewers{path="whep"}'],
        after['microlive_rooms{state="live"}'],
    ) == (0, 0, 0)
