"""The verdict and the self-contained page."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from scripts.loadgen.conditions import parse_condition
from scripts.loadgen.figures import Figures
from scripts.loadgen.machine import Machine
from scripts.loadgen.node_figures import add_node
from scripts.loadgen.record import Record
from scripts.loadgen.report import CAUSES, number, write_report
from scripts.loadgen.scenario import Scenario
from scripts.loadgen.screen import sparkline
from scripts.loadgen.summary import (
    CAUSED,
    Outcome,
    Summary,
    causes_of,
    extra_of,
    figures_of,
    judge,
    nodes_of,
)
from scripts.loadgen.target import parse_target


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    return Scenario(
        name="mixed",
        command="scripts/load mixed --key …",
        target=parse_target("http://127.0.0.1:8080", owned=False),
        viewers=100,
        creators=3,
        workers=1,
        ramp=2,
        seconds=8,
        probe_share=0.05,
        room=None,
        key="secret-key",
        token="secret-token",
        insecure=False,
        kbps=1_000,
        fps=30,
        size=(540, 960),
        slow_share=0.05,
        slow_bps=200_000,
        rude_share=0.05,
        swipe=8,
        stay=60,
        zipf=1,
        chat=0,
        taps=0,
        path="ws",
        conditions=(parse_condition("p99>50ms"),),
        folder=tmp_path / "report",
    )


@pytest.fixture
def record(scenario: Scenario) -> Iterator[Record]:
    """Ten seconds with 5 ms of delay and a generator that is 1 ms late."""
    made = Record(scenario.folder)
    for second in range(10):
        viewers, creators = Figures(), Figures()
        viewers.counts.update(
            {
                "bytes": 12_500_000,
                "messages": 3_000,
                "elapsed_us": 1_000_000,
                "failed/HTTP 429": 1,
                "closed/<4408>": 1,
            }
        )
        viewers.levels |= {"watching": 100, "connecting": 2, "cpu": 0.3}
        viewers.histogram("delay").add([4.0, 5.0, 6.0])
        viewers.histogram("join").add([20.0])
        viewers.histogram("lag").add([1.0])
        creators.counts.update({"sent_bytes": 375_000, "elapsed_us": 1_000_000, "pli": 1})
        creators.levels |= {"publishing": 3, "remb_bps": 9_000_000, "cpu": 0.1}
        creators.histogram("publish").add([50.0])
        made.add(
            second + 0.3,
            second > 1,
            {"viewers 1": viewers, "creators": creators},
            live_rooms=3,
            steal=0.0,
            server=(0.4, 80_000_000),
        )
    yield made
    made.close()


def summarise(scenario: Scenario, record: Record, broken_off: str | None = None) -> Summary:
    figures = figures_of(record, True, True)
    return Summary(
        scenario=scenario,
        machine=Machine("A processor", 2, 8_000_000_000, "Linux 6", "3.11.0"),
        version="1.0",
        began=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        lasted=9.3,
        interrupted=False,
        figures=figures,
        causes=causes_of(record),
        extra=extra_of(record),
        nodes=nodes_of(scenario, record),
        clip_kbps=991.0,
        verdict=judge(scenario, record, figures, broken_off),
    )


def test_the_figures_by_node(scenario: Scenario, record: Record) -> None:
    """The creator's node has no viewers. Delays count from the plateau on."""
    nodes = tuple(parse_target(f"http://127.0.0.1:{port}", owned=False) for port in (1, 2, 1))
    scenario = replace(scenario, nodes=nodes)
    assert summarise(scenario, Record(scenario.folder)).nodes[2].p50 is None
    for plateau, delay in ((False, 500.0), (True, 4.0)):
        merged = Figures()
        for node, watching in ((1, 20), (2, 10)):
            figures = Figures(levels={"watching": watching})
            figures.counts.update({"gaps": node, "closed/1006": 1})
            figures.histogram("delay").add([node * delay])
            add_node(merged, node, figures)
        record.add(
            *(20.0, plateau, {"viewers 1": merged}),
            live_rooms=1,
            steal=0.0,
            server=None,
            nodes=[(0.1, 1_000_000), (0.25, 2_000_000), None],
        )
    record.samples = record.samples[-1:]
    creators, first, second = summarise(scenario, record).nodes
    assert [creators.watching, first.watching, second.watching] == [0, 20, 10]
    assert (creators.p50, creators.cpu, second.cpu) == (None, 10.0, None)
    assert first.p50 == pytest.approx(4.0, rel=0.01)
    assert second.p50 == pytest.approx(8.0, rel=0.01)
    assert (first.gaps, second.gaps, first.disconnects) == (2, 4, 2)
    assert (first.cpu, first.memory) == (25.0, 2.0)


def test_fine(scenario: Scenario, record: Record) -> None:
    summary = summarise(scenario, record)
    assert (summary.verdict.outcome, summary.verdict.exit_code, summary.verdict.reasons) == (
        Outcome.FINE,
        0,
        (),
    )
    assert summary.figures["p50"] == pytest.approx(5.0, rel=0.01)
    assert summary.figures["received"] == pytest.approx(100.0)
    assert summary.figures["server_memory"] == 80.0


def test_failed_by_a_condition(scenario: Scenario, record: Record) -> None:
    verdict = summarise(replace(scenario, conditions=(parse_condition("p50>1ms"),)), record).verdict
    assert (verdict.outcome, verdict.exit_code) == (Outcome.FAILED, 1)
    assert verdict.reasons[0].startswith("p50>1ms: p50 is 5")


def test_invalid_if_the_generator_was_late(scenario: Scenario, record: Record) -> None:
    record.lag.add([80.0] * 5)
    verdict = summarise(scenario, record).verdict
    assert (verdict.outcome, verdict.exit_code) == (Outcome.INVALID, 1)
    assert "80.0 ms late" in verdict.reasons[0]


def test_broken_off(scenario: Scenario, record: Record) -> None:
    verdict = summarise(scenario, record, "the server went away 5 s after the start").verdict
    assert (verdict.outcome, verdict.exit_code) == (Outcome.BROKEN_OFF, 2)


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.fetched: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id" and value:
                self.ids.append(value)
            if name in ("src", "href", "xlink:href") and value and not value.startswith("#"):
                self.fetched.append(value)


def test_the_page_is_self_contained(scenario: Scenario, record: Record) -> None:
    text = write_report(summarise(scenario, record), record).read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert page.tags.count("svg") == 10 and not page.fetched and "script" not in page.tags
    assert len(page.ids) == len(set(page.ids))
    assert "Fine" in text and "991 kbps" in text and "HTTP 429" in text and "&lt;4408&gt;" in text
    summary = json.loads((scenario.folder / "summary.json").read_text(encoding="utf-8"))
    assert summary["outcome"] == "fine" and summary["figures"]["gaps"] == 0
    assert "secret" not in text + json.dumps(summary)
    assert len((scenario.folder / "samples.jsonl").read_text(encoding="utf-8").splitlines()) == 10


def test_a_run_without_samples_has_a_report(scenario: Scenario) -> None:
    record = Record(scenario.folder)
    record.close()
    summary = summarise(scenario, record)
    assert summary.verdict.outcome is Outcome.INVALID
    assert "Invalid" in write_report(summary, record).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (3.14159, "3.14"),
        (314.159, "314"),
        (31_415.9, "31,416"),
        (7.0, "7"),
        (0.0123, "0.0123"),
    ],
)
def test_numbers_are_short(value: float | None, text: str) -> None:
    assert number(value) == text


def test_a_sparkline_scales_to_its_maximum() -> None:
    assert sparkline([0.0, 4.0, 8.0]) == "▁▄█" and sparkline([]) == ""


def test_every_count_with_causes_has_words() -> None:
    assert set(CAUSES) == set(CAUSED)
