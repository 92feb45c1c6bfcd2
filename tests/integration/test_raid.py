"""A small raid against a server in a process of its own (scripts/bench raid has the large one)."""

from pathlib import Path

from relay.callbacks import ignore
from scripts.benchmarks.raid import SHIELD_WITHIN, Plan, measure


async def test_the_shield_ends_a_raid_and_the_others_go_on_talking(tmp_path: Path) -> None:
    plan = Plan(guests=60, addresses=6, known=30, seconds=3.0)
    report = await measure(tmp_path, plan, progress=ignore)
    assert report.shown > 0, "the raid was no raid"
    assert report.answers["429"] > 0 and report.answers["403"] > 0
    assert report.lost == 0 and report.raid.count > 0
    assert report.shield <= SHIELD_WITHIN
