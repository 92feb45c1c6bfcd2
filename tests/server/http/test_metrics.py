"""The exported metrics, and that the dashboard uses no others."""

import json
import re
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest

from server import __file__ as SERVER
from server.http.playback_metrics import MOST_STALLS, Playing
from server.rooms.beacon import Beacon
from tests.fixtures.metrics import scrape
from tests.fixtures.server import Server, running

DASHBOARD = Path(SERVER).with_name("grafana.json")

NAME = re.compile(r"\b(?:microlive|process)_[a-z_]+")
LABEL = re.compile(r"\bby \(([^)]*)\)")


def playing(*beacons: tuple[Beacon, Beacon | None]) -> dict[str, float]:
    """The metrics after these beacons, each with the one before it."""
    registry = CollectorRegistry()
    metrics = Playing(registry)
    for beacon, before in beacons:
        metrics.receive(beacon, before)
    return scrape(generate_latest(registry).decode())


async def test_a_server_without_anybody(server: Server) -> None:
    """Every path, player, state and reason is exported from the start, as zero, so that a rate sees
    the first one.
    """
    async with server.http.get(f"{server.url}/metrics") as response:
        assert (response.status, response.headers["Content-Type"]) == (
            200,
            "text/plain; version=0.0.4; charset=utf-8",
        )
        told = scrape(await response.text())
    for path in ("websocket", "hls", "whep"):
        assert told[f'microlive_viewers{{path="{path}"}}'] == 0
    for player in ("webcodecs", "mse", "hls", "whep", "other"):
        assert (
            told[f'microlive_stalls_total{{player="{player}"}}']
            == told[f'microlive_first_picture_seconds_count{{player="{player}"}}']
            == 0
        )
    assert told['microlive_rejected_datagrams_total{reason="stranger"}'] == 0
    for kind in ("windows", "joins", "whep", "hls", "ingest", "sessions", "websocket"):
        assert told[f'microlive_memory_held_bytes{{kind="{kind}"}}'] == 0
    assert told["microlive_memory_budget_bytes"] > 1 << 26
    for path in ("websocket", "events"):
        assert told[f'microlive_dropped_notices_total{{path="{path}"}}'] == 0
    totals = ("memory_refusals", "memory_cut_viewers", "excessive_publishers", "messages", "people")
    for name in totals:
        assert told[f"microlive_{name}_total"] == 0
    await server.create()
    async with server.http.get(f"{server.url}/metrics") as response:
        told = scrape(await response.text())
    assert (told['microlive_rooms{state="idle"}'], told['microlive_rooms{state="live"}']) == (1, 0)
    assert await server.status("POST", "/metrics") == 405


async def test_two_servers_in_one_process_count_apart(server: Server, tmp_path: Path) -> None:
    await server.create()
    async with (
        running(tmp_path / "other") as other,
        other.http.get(f"{other.url}/metrics") as response,
    ):
        assert scrape(await response.text())['microlive_rooms{state="idle"}'] == 0


def test_the_first_picture_counts_once_for_a_connection() -> None:
    """Beacons send it once a second; it counts once, in the player's histogram, in seconds."""
    none, told = Beacon("mse"), Beacon("mse", first_picture=140.0)
    found = playing((none, None), (told, none), (told, told))
    assert found['microlive_first_picture_seconds_count{player="mse"}'] == 1
    assert found['microlive_first_picture_seconds_bucket{le="0.1",player="mse"}'] == 0
    assert found['microlive_first_picture_seconds_bucket{le="0.15",player="mse"}'] == 1
    assert found['microlive_first_picture_seconds_count{player="hls"}'] == 0


def test_delay_is_that_of_a_moving_picture() -> None:
    moving, still = (
        Beacon("whep", playing=True, behind_lens=90.0),
        Beacon("whep", playing=False, behind_lens=9_000.0),
    )
    found = playing(
        (moving, None), (moving, moving), (still, moving), (Beacon("whep", playing=True), still)
    )
    assert found['microlive_behind_lens_seconds_count{player="whep"}'] == 2
    assert found['microlive_behind_lens_seconds_sum{player="whep"}'] == 0.18


def test_stalls_are_those_that_were_added() -> None:
    """A page that reconnects repeats earlier stalls; a page that was reloaded starts at none."""
    three, five = Beacon("hls", stalls=3), Beacon("hls", stalls=5)
    assert playing((three, None))['microlive_stalls_total{player="hls"}'] == 0
    assert (
        playing((three, None), (five, three), (five, five), (three, five))[
            'microlive_stalls_total{player="hls"}'
        ]
        == 2
    )
    assert (
        playing((three, Beacon("hls")), (Beacon("hls"), three))[
            'microlive_stalls_total{player="hls"}'
        ]
        == 3
    )


def test_one_viewer_cannot_move_the_sum_of_stalls_much() -> None:
    assert (
        playing((Beacon("hls", stalls=900_000), Beacon("hls", stalls=0)))[
            'microlive_stalls_total{player="hls"}'
        ]
        == MOST_STALLS
    )


async def test_the_dashboard_asks_for_what_is_exported(server: Server) -> None:
    """This is checked for every metric in queries and variables, and for every label that they
    group by.
    """
    room = await server.create()
    async with server.http.ws_connect(f"{server.url}/ws/{room.name}") as viewer:
        await viewer.receive(timeout=5)
        await viewer.send_json(
            {"type": "report", "media_time": 0}
        )  # the delay is exported after the first report
        await viewer.send_json({"type": "time", "id": 1})
        while (await viewer.receive(timeout=5)).data[:14] != '{"type": "time':
            pass
        async with server.http.get(f"{server.url}/metrics") as response:
            text = await response.text()
    exported = {
        re.split(r"[{ ]", line)[0]: set(re.findall(r'(\w+)="', line))
        for line in text.splitlines()
        if not line.startswith("#")
    }
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    queries += [
        variable["definition"]
        for variable in dashboard["templating"]["list"]
        if "definition" in variable
    ]
    assert len(queries) > 20
    for query in queries:
        names = NAME.findall(query)
        assert names and set(names) <= exported.keys(), query
        labels = {label.strip() for group in LABEL.findall(query) for label in group.split(",")} - {
            "instance"
        }  # added by Prometheus
        assert all(labels <= exported[name] for name in names), query
    shown = {name for query in queries for name in NAME.findall(query)}
    ours = {
        re.sub(r"_(count|sum|created)$", "_bucket", name)
        for name in exported
        if name.startswith("microlive_") and not name.endswith("_created")
    }
    assert ours <= shown, "the dashboard lacks a metric"
