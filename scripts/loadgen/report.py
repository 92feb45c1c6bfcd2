"""The report folder. It contains `report.html` for people, `summary.json` for programs, and the
run's `samples.jsonl`.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jinja2

from scripts.loadgen import plots
from scripts.loadgen.conditions import METRICS
from scripts.loadgen.record import Record, Sample
from scripts.loadgen.scenario import Scenario
from scripts.loadgen.summary import LAG_MAX_MS, Outcome, Summary

Lines = dict[str, list[float | None]]
"""The lines of a plot. Each key is the label of a line; its list has one value for each sample."""

HEADLINES = {
    Outcome.FINE: "Fine",
    Outcome.FAILED: "Failed",
    Outcome.INVALID: "Invalid: this says nothing about the server",
    Outcome.BROKEN_OFF: "Broken off",
}
CAUSES = {
    "failed": "Viewers who could not connect",
    "closed": "Viewers cut off",
    "paced": "Changes of a viewer's pace",
    "creator_failed": "Creators who could not connect",
    "creator_closed": "Creators cut off",
    "slow_failed": "Slow or rude viewers who could not connect",
    "slow_closed": "Slow or rude viewers cut off",
    "slow_paced": "Changes of a slow viewer's pace",
    "chat_refused": "Chat messages not accepted",
}
CODES = {
    "1001": "1001, the server shut down",
    "1006": "1006, cut without a close frame",
    "4408": "4408, read nothing for 15 s",
    "4410": "4410, the room ended",
    "key": "keyframes only",
    "reference": "reference frames only",
    "full": "full video again",
}


def write_report(summary: Summary, record: Record) -> Path:
    """Writes `summary.json` and `report.html`. Returns the path of `report.html`."""
    folder = summary.scenario.folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "summary.json").write_text(
        json.dumps(summary.to_json(), indent=2) + "\n", encoding="utf-8"
    )
    page = folder / "report.html"
    page.write_text(render(summary, record), encoding="utf-8")
    return page


def render(summary: Summary, record: Record) -> str:
    """Returns the report as one HTML page that needs no other files."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    scenario = summary.scenario
    return environment.get_template("report.html.jinja").render(
        summary=summary,
        scenario=scenario,
        machine=summary.machine,
        outcome=summary.verdict.outcome.name.lower(),
        headline=HEADLINES[summary.verdict.outcome],
        story=list(_story(summary)),
        tiles=list(_tiles(summary)),
        plots=list(_plots(summary, record)) if record.samples else [],
        metrics=[
            (name, unit, meaning, summary.figures[name])
            for name, (unit, meaning) in METRICS.items()
            if summary.figures.get(name) is not None
        ],
        causes=[
            (CAUSES[what], [(CODES.get(cause, cause), count) for cause, count in causes.items()])
            for what, causes in summary.causes.items()
        ],
        memory_gb=summary.machine.memory / 1e9,
    )


def number(value: float | None, digits: int = 3) -> str:
    """Formats a number with `digits` significant digits and thousands separators. Omits decimals of
    whole and large numbers.
    """
    if value is None:
        return "–"
    if value >= 10 ** (digits - 1) or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def _story(summary: Summary) -> Iterator[str]:
    """Yields the sentences that describe the course of the run."""
    scenario, figures = summary.scenario, summary.figures
    path = scenario.playback_path
    live = (
        f"at {number(summary.clip_kbps)} kbps, {scenario.fps} frames a second"
        if summary.clip_kbps
        else "as received"
    )
    ended = f"for {_measured(summary):.0f} s after all had arrived." + (
        " The run was stopped early." if summary.interrupted else ""
    )
    if scenario.name == "viewers":
        yield (f"{scenario.viewers:,} viewers watched one live over {path.title} {live}, {ended}")
    elif scenario.name == "creators":
        yield f"{scenario.creators:,} creators published {live}, {ended}"
    else:
        odd = (
            f"{scenario.slow_share:.0%} of viewers on {scenario.slow_bps // 1_000} kbps, "
            f"{scenario.rude_share:.0%} rude"
        )
        yield (
            f"{scenario.viewers:,} viewers changed between {scenario.creators:,} rooms {live}, "
            f"{odd}, {ended}"
        )
    if figures.get("p50") is not None:
        yield (
            f"Half of all {path.timed} reached a viewer {number(figures['p50'])} ms after "
            f"they were published, 99 % within {number(figures['p99'])} ms."
        )
    if figures.get("join_p50") is not None:
        yield (
            f"A new viewer had the first frame after {number(figures['join_p50'])} ms (half "
            f"of them), 95 % after {number(figures['join_p95'])} ms."
        )
    if figures.get("publish_p50") is not None and scenario.name != "viewers":
        yield (
            f"A creator was connected after {number(figures['publish_p50'])} ms (half of "
            f"them), 95 % after {number(figures['publish_p95'])} ms."
        )
    wrong = [
        f"{number(figures[name])} {words.format(path=path)}"
        for name, words in _WRONG
        if figures.get(name)
    ]
    yield (
        f"Problems: {', '.join(wrong)}."
        if wrong
        else "No viewer or creator was refused or cut off, and nothing was missing."
    )


_WRONG = (
    ("failures", "viewers could not connect"),
    ("disconnects", "viewers were cut off"),
    ("gaps", "{path.missed} were dropped for viewers, or lost"),
    ("creator_failures", "creators could not connect"),
    ("creator_disconnects", "creators were cut off"),
)


def _measured(summary: Summary) -> float:
    return max(0.0, summary.lasted - summary.scenario.ramp)


def _tiles(summary: Summary) -> Iterator[tuple[str, str, str]]:
    """Yields a triple for each of the most important figures: its value, its unit and its label."""
    figures = summary.figures
    wanted = (
        ("p50", "ms", f"delay, median of all {summary.scenario.playback_path.timed}"),
        ("p99", "ms", f"delay, 99th percentile of {summary.scenario.playback_path.timed}"),
        ("join_p95", "ms", "to the first frame, 95 %"),
        ("watching", "", "viewers watching"),
        ("received", "Mbps", "to all viewers together"),
        ("publishing", "", "creators publishing"),
        ("publish_p95", "ms", "to connect a creator, 95 %"),
        ("server_cpu", "%", "of one core for the server"),
        ("server_memory", "MB", "of memory for the server"),
    )
    for name, unit, words in wanted:
        if figures.get(name) is not None and not (
            summary.scenario.name == "viewers" and name.startswith("publish")
        ):
            yield number(figures[name]), unit, words


def _plots(summary: Summary, record: Record) -> Iterator[dict[str, Any]]:
    """Yields the plots. Each plot has a title, a caption, an SVG and a flag that says whether
    the plot has the full width.
    """
    samples, scenario = record.samples, summary.scenario
    if scenario.viewers:
        yield from _delay_plots(scenario, record)
        yield from _viewer_plots(samples)
    if scenario.creators and scenario.name != "viewers":
        yield from _creator_plots(samples)
    if any(sample.server_cpu is not None for sample in samples):
        yield from _server_plots(samples)
    yield from _generator_plots(samples)


def _delay_plots(scenario: Scenario, record: Record) -> Iterator[dict[str, Any]]:
    timed = scenario.playback_path.timed
    limits = [
        (each.text, each.limit)
        for each in scenario.conditions
        if each.metric in ("p50", "p95", "p99") and each.operator in (">", ">=")
    ]
    yield {
        "title": "Delay, from publishing to the viewer",
        "caption": (
            f"Each second: 50, 95 and 99 % of that second's {timed} were "
            "faster than this. Grey: viewers were still arriving."
        ),
        "svg": plots.delay_over_time(record.samples, limits),
        "wide": True,
    }
    delay = record.delay if record.delay.count else record.ramp_delay
    if delay.count:
        yield {
            "title": "Distribution of delays",
            "caption": (
                f"All {delay.count:,} {timed} timed after the last viewer "
                "arrived. The axis is logarithmic."
            ),
            "svg": plots.delay_distribution(delay),
            "wide": True,
        }


def _viewer_plots(samples: Sequence[Sample]) -> Iterator[dict[str, Any]]:
    watching: Lines = {"watching": [sample.watching for sample in samples]}
    if any(sample.connecting for sample in samples):
        watching["connecting"] = [sample.connecting for sample in samples]
    yield _small(
        "Viewers",
        "Connected at the same time.",
        plots.over_time("viewers", samples, watching, "viewers"),
    )
    rate: Lines = {"received": [sample.mbps for sample in samples]}
    yield _small(
        "Throughput",
        "Received by all viewers together.",
        plots.over_time("throughput", samples, rate, "Mbps"),
    )


def _creator_plots(samples: Sequence[Sample]) -> Iterator[dict[str, Any]]:
    publishing: Lines = {"publishing": [sample.publishing for sample in samples]}
    if any(sample.live_rooms is not None for sample in samples):
        publishing["rooms listed as live"] = [sample.live_rooms for sample in samples]
    yield _small(
        "Creators",
        "Connected and sending, and how many of their rooms the server lists as live.",
        plots.over_time("creators", samples, publishing, "creators"),
    )
    asked: Lines = {
        "keyframes (PLI)": [sample.pli for sample in samples],
        "packets (NACK)": [sample.nack for sample in samples],
    }
    yield _small(
        "Requests of the server to creators",
        "Keyframes (PLI) and lost packets (NACK).",
        plots.over_time("asked", samples, asked, "a second"),
    )


def _server_plots(samples: Sequence[Sample]) -> Iterator[dict[str, Any]]:
    cpu: Lines = {
        "CPU": [
            None if sample.server_cpu is None else sample.server_cpu * 100 for sample in samples
        ]
    }
    yield _small(
        "The server's CPU",
        "100 % is one core.",
        plots.over_time("server-cpu", samples, cpu, "% of a core"),
    )
    memory: Lines = {
        "memory": [
            None if sample.server_memory is None else sample.server_memory / 1e6
            for sample in samples
        ]
    }
    yield _small(
        "The server's memory",
        "Resident, without the kernel's socket buffers.",
        plots.over_time("server-memory", samples, memory, "MB"),
    )


def _generator_plots(samples: Sequence[Sample]) -> Iterator[dict[str, Any]]:
    names = list(dict.fromkeys(name for sample in samples for name in sample.generator_cpu))
    generator: Lines = {
        name: [sample.generator_cpu.get(name, 0.0) * 100 for sample in samples]
        for name in names[:4]
    }
    yield _small(
        "The generator's CPU",
        "By process. Near 100 % it is the limit.",
        plots.over_time("generator", samples, generator, "% of a core"),
    )
    lag: Lines = {"late": [sample.lag_p99 for sample in samples]}
    caption = (
        f"99 % of its timers were less late than this. Above {LAG_MAX_MS:.0f} ms over the "
        "whole run the result is invalid."
    )
    yield _small(
        "Lateness of the generator",
        caption,
        plots.over_time("lag", samples, lag, "ms", limit=LAG_MAX_MS),
    )


def _small(title: str, caption: str, svg: str) -> dict[str, Any]:
    return {"title": title, "caption": caption, "svg": svg, "wide": False}
