"""`scripts/plan`: figures against hand-computed ones, placement, bad input, the document."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.planner.audience import draw_audiences
from scripts.planner.command_line import cli
from scripts.planner.constants import Constants, with_results
from scripts.planner.document import MARK, with_plans
from scripts.planner.errors import BadInput
from scripts.planner.estimate import Estimate, estimate
from scripts.planner.load import Load, Loads
from scripts.planner.placement import place
from scripts.planner.plot import plot
from scripts.planner.tables import constant_rows, plan_rows
from scripts.planner.world import World, parse_world
from server.feed.chance import Chance

PLANNER = Path(__file__).resolve().parents[1] / "scripts" / "planner"
WORLDS = PLANNER / "worlds"
BY_HAND = Constants(websocket_tls=0.6, creator=11, feed=0.8, nats_copy=5, memory_room=0.001)
"""The constants with which the expected figures of these tests were computed."""


def world(**parts: dict[str, Any]) -> World:
    """A million viewers at 1 Mbps over TLS, without overhead and recording; boxes with 25 Gbps."""
    rooms = {"count": 1, "kbps": 1000, "recorded": 0} | parts.get("rooms", {})
    viewers = {"count": 1_000_000} | parts.get("viewers", {})
    box: dict[str, Any] = {"cores": 20, "memory_gib": 64, "nic_gbps": 25, "processes": 1}
    box |= {"overhead": 0} | parts.get("box", {})
    prices = parts.get("prices", {})
    return parse_world(
        {"title": "t", "rooms": rooms, "viewers": viewers, "box": box, "prices": prices}
    )


def loads(viewers: int, feed: float = 0.0) -> Loads:
    """Boxes for this many viewers; a feed takes as much as `feed` viewers."""
    box = Load(cpu=1e9, sent=float(viewers), received=1e9, memory=1e9)
    viewer = Load(cpu=1e-9, sent=1.0, memory=1e-9)
    return Loads(box, viewer, Load(), Load(), 0.0, Load(), Load())


def test_a_million_viewers_of_one_room() -> None:
    found = estimate(world(prices={"egress_gb": 0.02, "box_hour": 1}), BY_HAND, ["origin"])
    plan = found.chosen
    assert found.egress_gbps == pytest.approx(1_000)
    assert found.ingest_gbps == pytest.approx(0.001)
    assert (plan.boxes, plan.limit) == (58, "NIC, sending")  # 17,500 viewers each
    assert plan.busy["viewers"] == pytest.approx(600)
    assert plan.cores == pytest.approx(1_000, rel=0.001)
    assert plan.feeds == 57  # the 58th box is the origin
    assert plan.nats_messages == pytest.approx(1_710)
    assert plan.between_gbps == pytest.approx(0.057)
    assert plan.nats_cores == pytest.approx(0.01425)
    assert found.egress_hour == pytest.approx(9_000)  # 450 TB
    assert plan.cost_hour == pytest.approx(9_000 + 58 + 1)


def test_boxes_with_five_gigabits() -> None:
    found = estimate(
        world(box={"cores": 8, "nic_gbps": 5}, prices={"egress_gb": 0.085}), BY_HAND, ["origin"]
    )
    assert found.chosen.boxes == 286
    assert found.egress_hour == pytest.approx(38_250)


def test_a_hundred_thousand_rooms_of_ten_viewers() -> None:
    rooms = {"count": 100_000, "window_seconds": 90}
    found = estimate(world(rooms=rooms, box={"cores": 24}), BY_HAND, ["any"])
    plan = found.plans[0]
    assert found.ingest_gbps == pytest.approx(100)
    assert plan.busy["creators"] == pytest.approx(1_100)
    assert plan.busy["viewers"] == pytest.approx(600)
    # Nearly every viewer is at a box of his own: 1 million feeds of 1 Mbps and 0.8 ms/s.
    assert plan.feeds == pytest.approx(960_000, rel=0.03)
    assert plan.busy["feeds"] == pytest.approx(770, rel=0.03)
    windows = 100_000 * 0.01125
    assert plan.memory_gb == pytest.approx(windows + 84 + plan.feeds * 0.00025, rel=0.001)


def test_viewers_at_the_origin_need_fewer_feeds() -> None:
    rooms, boxes = draw_audiences(4_000, 40_000, 1.0, Chance(1).random), 58
    feeds = {
        rule: place(rooms, boxes, 1, loads(800), rule, 1).feeds
        for rule in ("origin", "warm", "any")
    }
    assert 15 * feeds["origin"] < feeds["any"]
    assert feeds["origin"] < feeds["warm"] < feeds["any"]


@pytest.mark.parametrize(
    ("zipf", "largest", "median", "unwatched"),
    [(0.8, 21_861, 4, 3_385), (1.0, 82_947, 2, 19_452), (1.2, 196_095, 0, 53_532)],
)
def test_audiences_follow_zipf(zipf: float, largest: int, median: int, unwatched: int) -> None:
    drawn = draw_audiences(100_000, 1_000_000, zipf, Chance(1).random)
    assert sum(drawn) == 1_000_000
    assert drawn[0] == pytest.approx(largest, rel=0.02)
    assert sorted(drawn)[50_000] == median
    assert drawn.count(0) == pytest.approx(unwatched, rel=0.03)


def test_few_viewers_of_many_rooms() -> None:
    for seed in range(50):
        assert sum(draw_audiences(1_000, 1, 0.5, Chance(seed).random)) == 1
    assert draw_audiences(3, 0, 1.0, Chance(1).random) == [0, 0, 0]


def test_any_node_is_the_expectation() -> None:
    # The origin is one of two boxes; the other has a viewer unless both viewers miss it.
    placed = place([2], 2, 1, loads(9), "any", 1)
    assert placed.feeds == pytest.approx(0.75)
    assert (placed.inner_feeds, placed.at_origin) == (0, 1)
    # Four nodes: one publishes, and three have a viewer with 1 - (3/4)² each.
    placed = place([2], 2, 2, loads(9), "any", 1)
    assert placed.feeds + placed.inner_feeds == pytest.approx(3 * 7 / 16)


def test_a_room_larger_than_a_box() -> None:
    placed = place([7], 3, 1, loads(3), "origin", 1)
    assert (placed.feeds, placed.at_origin, placed.left) == (2, 3, 0)
    assert place([7], 2, 1, loads(3), "origin", 1).left == 1


def test_a_box_takes_one_feed_for_all_its_nodes() -> None:
    placed = place([1_000], 1, 4, loads(1_000), "origin", 1)
    assert placed.feeds == 0
    assert placed.inner_feeds == pytest.approx(3)
    placed = place([2_000], 2, 4, loads(1_000), "origin", 1)
    assert placed.feeds == 1
    assert placed.inner_feeds == pytest.approx(3 + 3)


def test_warm_first_does_not_prefer_the_origin() -> None:
    placed = place([5] * 400, 40, 1, loads(100), "warm", 1)
    assert placed.feeds == pytest.approx(390, abs=8)  # 39 of 40 first viewers miss the origin
    assert place([5] * 400, 40, 1, loads(100), "origin", 1).feeds == 0


def test_the_same_seed_gives_the_same_plan() -> None:
    found = world(rooms={"count": 500}, viewers={"count": 20_000, "zipf": 1.0})
    plans = estimate(found, BY_HAND).plans
    assert estimate(found, BY_HAND).plans == plans
    assert estimate(found.model_copy(update={"seed": 2}), BY_HAND).plans != plans


def test_hls_costs_its_output_in_rooms_that_use_it() -> None:
    paths = {"websocket_tls": 0.5, "hls": 0.5}
    found = world(rooms={"count": 2}, viewers={"count": 2_000, "paths": paths})
    busy = estimate(found, BY_HAND).chosen.busy
    assert busy["LL-HLS output"] == pytest.approx(0.04)
    assert busy["viewers"] == pytest.approx(1_000 * 0.0006 + 1_000 * 0.002)


def test_results_of_benchmarks_replace_the_defaults() -> None:
    crowd = {"cpu": 40.0, "memory": 10.0, "outcome": "fine", "variant": ""}
    fanout = {
        "fps": 30,
        "crowds": [
            crowd | {"viewers": 500, "cpu": 12.0},
            crowd | {"viewers": 2_000},
            crowd | {"viewers": 500, "variant": "TLS", "cpu": 25.0, "memory": 70.0},
            crowd | {"viewers": 3_000, "outcome": "invalid"},
            crowd | {"viewers": 9_000, "variant": "asyncio"},
        ],
    }
    found, names = with_results(Constants(), fanout, 1_000)
    expected = {"websocket": 0.2, "websocket_tls": 0.5, "memory_websocket": 10, "memory_tls": 70}
    assert found == replace(Constants(), **expected)
    assert set(names) == set(expected)
    run = {"kbps": 1_010.0, "cpu": 0.4, "memory": 14.0, "window": 12.5, "outcome": "fine"}
    ingest = {"runs": [run, run | {"kbps": 2_500, "cpu": 0.6}]}
    found, _ = with_results(Constants(), ingest, 1_000)
    assert (found.creator, found.memory_room) == (4.0, 1.5)
    found, _ = with_results(Constants(), {"lives": 5, "cost": {"median": -0.1}}, 1_000)
    assert 0 < found.recording < 0.01
    whep = {"path": "whep", "crowds": [{"viewers": 500, "cpu": 50.0, "outcome": "fine"}]}
    assert with_results(Constants(), whep, 1_000)[0].whep == pytest.approx(1.0)
    feeds = [
        {"edge_ms": cost, "nats_copy_us": copy, "outcome": outcome}
        for cost, copy, outcome in ((1.0, 4.0, "fine"), (1.2, -1.0, "fine"), (9.0, 9.0, "invalid"))
    ]
    found, _ = with_results(Constants(), {"fps": 30, "feeds": feeds}, 1_000)
    assert found.feed == pytest.approx(1.1)
    assert found.nats_copy == pytest.approx(1.5)


@pytest.mark.parametrize(
    "found",
    [
        [],
        None,
        {},
        {"runs": 3},
        {"runs": [{}]},
        {"runs": []},
        {"fps": 0, "crowds": []},
        {"fps": 30, "crowds": [{"variant": "", "outcome": "fine", "viewers": 0, "cpu": 1}]},
        {"path": "whep", "crowds": [{"viewers": 1, "cpu": float("nan"), "outcome": "fine"}]},
        {"lives": 1, "cost": {"median": None}},
        {"fps": 30, "feeds": []},
        {"fps": 30, "feeds": [{"outcome": "fine", "edge_ms": None, "nats_copy_us": 1.0}]},
    ],
)
def test_other_files_are_no_results(found: Any) -> None:
    with pytest.raises(BadInput):
        with_results(Constants(), found, 1_000)


ONE = (WORLDS / "one-room.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("cores = 20", "kores = 20", "box.kores: there is no such key"),
        ("cores = 20\n", "", "box.cores: this key is missing"),
        ("count = 1\n", "count = -1\n", "rooms.count: should be greater than or equal to 1"),
        ("count = 1\n", "count = 1.5\n", "rooms.count: should be a valid integer"),
        ("nic_gbps = 25", "nic_gbps = nan", "box.nic_gbps: should be a finite number"),
        ("hls = 0.05", "hls = 0.5", "viewers.paths: the shares must add up to 1, not 1.45"),
        ('"origin"', '"near"', "placement: should be 'origin', 'warm' or 'any'"),
        ("nic_gbps = 25", "nic_gbps = 0.001", "box.nic_gbps: a box is too small for one viewer"),
        ("memory_gib = 64", "memory_gib = 0.001", "box.memory_gib: a box is too small for one"),
        ("count = 1_000_000", "count = 900_000_000_000", "viewers.count: should be less than"),
        ("nic_gbps = 25", "nic_gbps = 0.01", "box: origin first: more than"),
        ("[rooms]", "[rooms", "Expected ']'"),
    ],
)
def test_bad_input_is_one_line_that_names_the_key(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    file = tmp_path / "world.toml"
    file.write_text(ONE.replace(old, new, 1), encoding="utf-8")
    done = CliRunner().invoke(cli, [str(file)])
    assert done.exit_code == 2
    assert done.stderr.startswith(f"plan: {file}: {words}")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    world, bytes_, large = tmp_path / "w.toml", tmp_path / "bytes", tmp_path / "large"
    world.write_text(ONE, encoding="utf-8")
    bytes_.write_bytes(b"\xff\xfe")
    large.write_text(" " * 2_000_000)
    for words in (
        [str(tmp_path / "none")],
        [str(bytes_)],
        [str(large)],
        [str(world), "--results", str(bytes_)],
        [str(world), "--results", str(world)],
        [str(world), "--write", str(world)],
        [str(world), "--plot", str(tmp_path / "none" / "plot.svg")],
    ):
        done = CliRunner().invoke(cli, [*words, "--chosen-only"])
        assert done.exit_code == 2, words
        assert done.stderr.startswith("plan: ")
        assert done.stderr.count("\n") == 1


def test_json(tmp_path: Path) -> None:
    file = WORLDS / "one-room.toml"
    results = tmp_path / "whep.json"
    crowd = {"viewers": 100, "cpu": 9.0, "outcome": "fine"}
    results.write_text(json.dumps({"path": "whep", "crowds": [crowd]}))
    words = [str(file), "--json", "--chosen-only", "--results", str(results)]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert [plan["placement"] for plan in found["plans"]] == ["origin"]
    constants = {row["constant"]: row for row in found["constants"]}
    assert (constants["whep"]["value"], constants["whep"]["source"]) == ("0.9 ms/s", "whep.json")


def test_the_plot_has_a_bar_for_each_placement() -> None:
    drawn = plot(estimate(world(), BY_HAND))
    assert drawn.startswith("<?xml")
    assert all(name in drawn for name in ("origin first", "warm first", "any node"))


def planned(name: str, *placements: Any) -> Estimate:
    found = parse_world(tomllib.loads((WORLDS / f"{name}.toml").read_text(encoding="utf-8")))
    return estimate(found, Constants(), *placements)


def test_the_document_is_current() -> None:
    """If this fails: `scripts/plan scripts/planner/worlds/{one-room,many-rooms}.toml --write
    scripts/planner/PLANS.md`.
    """
    document = (PLANNER / "PLANS.md").read_text(encoding="utf-8")
    constants = constant_rows(Constants(), {})
    one = with_plans(document, [(planned("one-room"), constants)])
    assert document.startswith(one)
    # The other placements of this world take seconds.
    rows = plan_rows(planned("many-rooms", ["origin"]))
    below = document.removeprefix(one)
    assert [line.split(" | ")[:2] for line in below.splitlines()[-len(rows) + 1 :]] == [
        [f"| {title}", cell] for title, cell in rows[1:]
    ]


def test_a_document_without_the_mark() -> None:
    with pytest.raises(BadInput, match="scripts/plan --write"):
        with_plans("# Plans\n", [])
    assert with_plans(f"a\n{MARK}old", []) == f"a\n{MARK}"
