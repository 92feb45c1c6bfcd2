"""The pure parts of `scripts/bench peers`, its errors, and the start and end of a server."""

import asyncio
import base64
import json
import os
import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer

from scripts.benchmarks.commands import peers as command
from scripts.benchmarks.peers import livekit_token, process
from scripts.benchmarks.peers.comparison import Comparison, Subject
from scripts.benchmarks.peers.document import HEADING, NoHeading, with_last_run
from scripts.benchmarks.peers.generator import GeneratorMissing, compile_generator
from scripts.benchmarks.peers.kinds import CASES, KINDS, TARGETS
from scripts.benchmarks.peers.plan import Plan
from scripts.benchmarks.peers.process import Entry, Meter, PeerFailed, open_lives, running
from scripts.benchmarks.peers.results import loss_figures, viewer_figures
from scripts.benchmarks.peers.rounds import (
    GENERATOR_MOST,
    Measured,
    Range,
    Run,
    RunInvalid,
    measure_rounds,
)
from scripts.benchmarks.peers.servers import MICROLIVE, PEERS, Launch, Server
from scripts.benchmarks.peers.versions import revision, version_of
from scripts.loadgen import clip
from tests.fixtures.coturn import free_port

CREATORS, LOSS = CASES["creators"], CASES["loss"]
ROOT = Path(__file__).resolve().parents[1]


def run_rounds(
    rounds: int, failing: Collection[int] = (), busy: Collection[int] = (), *, alone: bool = True
) -> tuple[list[tuple[str, str]], Measured]:
    """The runs in their order. The runs numbered in `failing` raise RunInvalid; in those numbered
    in `busy`, the generator is the limit. `alone`: whether no other program uses its core.
    """
    runs: list[tuple[str, str]] = []

    async def measure(case: str, server: str) -> Run:
        runs.append((case, server))
        if len(runs) in failing:
            raise RunInvalid("it ended")
        generator = GENERATOR_MOST + 0.01 if len(runs) in busy else GENERATOR_MOST
        figures = dict.fromkeys(CASES[case].kinds, float(len(runs)))
        return Run(figures, generator, generator if alone else 1.0, 0.0)

    measured = asyncio.run(
        measure_rounds(
            ["a", "b", "c"],
            [CREATORS, LOSS],
            rounds,
            lambda case, server: measure(case.name, server),
            lambda _: None,
            disturbed=not alone,
        )
    )
    return runs, measured


def test_servers_take_turns_within_each_case() -> None:
    runs, measured = run_rounds(3)
    assert [server for _, server in runs] == [*"abcabc", *"bcabca", *"cabcab"]
    assert [case for case, _ in runs[:6]] == ["creators"] * 3 + ["loss"] * 3
    assert measured.range_of("a", "creators") == Range(9, 1, 14)
    assert measured.invalid == []


def test_an_invalid_run_is_measured_again() -> None:
    runs, measured = run_rounds(2, failing={1}, busy={9})
    # Two rounds of six runs, then the two runs that were not valid, one in each further round.
    assert runs[12:] == [("creators", "a")] * 2
    assert measured.invalid == [
        "round 1, creators, a: it ended",
        "round 2, creators, a: the generator's core was 91% busy",
    ]
    assert all(len(measured.of(server, "creators")) == 2 for server in "abc")


def test_other_programs_may_use_the_core_of_a_disturbed_run() -> None:
    _, measured = run_rounds(1, busy={2}, alone=False)
    assert measured.invalid == ["round 1, creators, b: the generator's core was 91% busy"]


def test_a_server_that_stays_invalid_is_given_up() -> None:
    runs, measured = run_rounds(2, failing=set(range(1_000)))
    assert len(runs) == 2 * 2 * 6
    assert measured.range_of("a", "creators") is None


def comparison(values: dict[str, dict[str, list[float]]], **plan: Any) -> Comparison:
    """A comparison of microlive with the peers in `values`, which are by title and kind."""
    keys = {"microlive": "microlive", "microlive, compiled": "microlive"}
    keys |= {server.title: key for key, server in PEERS.items()}
    measured = Measured()
    for title, kinds in values.items():
        for case in CASES.values():
            rounds = max((len(kinds[kind]) for kind in case.kinds if kind in kinds), default=0)
            for number in range(rounds):
                figures = {kind: kinds.get(kind, [1.0] * rounds)[number] for kind in case.kinds}
                measured.of(title, case.name).append(Run(figures, 0.5, 0.6, 0.02))
    subjects = tuple(Subject(title, keys[title], "1.0") for title in values)
    return Comparison(subjects, Plan(**plan), measured, "two cores", "1 May 2030")


def test_the_best_microlive_counts_against_the_best_peer() -> None:
    found = comparison(
        {
            "microlive": {"creators": [100, 120, 110]},
            "microlive, compiled": {"creators": [240, 220, 230]},
            "SRS": {"creators": [250, 260, 240]},
            "LiveKit": {"creators": [170, 180, 190]},
        },
        cases=("creators",),
    )
    assert [(each.peer, each.ours.median, each.theirs.median) for each in found.behind] == [
        ("SRS", 230, 250)
    ]
    bars = {bar.name: bar for bar in found.bars if bar.name.startswith("creators")}
    assert not bars["creators a core, beside SRS"].kept
    # 1.3 × the Go servers is a target of its own.
    assert not bars["creators a core, beside 1.3 × LiveKit"].kept
    assert bars["creators a core, beside 1.3 × LiveKit"].limit == pytest.approx(234)


def test_less_is_better_for_delays() -> None:
    values = {"microlive": {"p99": [12.0]}, "MediaMTX": {"p99": [19.0]}, "SRS": {"p99": [34.0]}}
    found = comparison(values, cases=("viewers",))
    [bar] = [bar for bar in found.bars if "p99" in bar.name and "delay under" in bar.name]
    assert bar.kept and (bar.value, bar.limit) == (12, 19)
    assert "p99" not in {each.kind for each in found.behind}


def test_every_figure_has_a_case_and_a_target() -> None:
    assert {kind for case in CASES.values() for kind in case.kinds} == set(KINDS)
    assert {target.kind for target in TARGETS} == set(KINDS) - {"missing"}


def test_a_server_without_a_valid_run_is_named() -> None:
    found = comparison({"microlive": {"creators": [1.0]}, "SRS": {}}, cases=("creators",))
    assert found.missing == ["SRS, creators"] and found.cell("SRS", "creators") == "invalid"
    json.dumps(found.as_json(), allow_nan=False)


def test_the_document_keeps_what_stands_above_the_last_run() -> None:
    found = comparison(
        {"microlive": {"creators": [100, 120]}, "SRS": {"creators": [250, 240]}},
        cases=("creators",),
        rounds=2,
    )
    text = with_last_run(f"# Compared\n\nWhy.\n\n{HEADING}\nof yesterday\n", found)
    assert text.startswith(
        f"# Compared\n\nWhy.\n\n{HEADING}\n1 May 2030, on two cores: 60 creators;"
    )
    assert "of yesterday" not in text and "**This was a short run.**" in text
    assert "| creators a core | 110 (100–120) | **245 (240–250)** |" in text
    assert "- creators a core: 110 (100–120); SRS 245 (240–250)" in text
    assert "| packets missing" not in text
    assert with_last_run(text, found) == text
    with pytest.raises(NoHeading):
        with_last_run("# Compared\n", found)


def test_a_full_run_is_not_marked_as_short() -> None:
    found = comparison({"microlive": {"p50": [1.0] * 3}, "SRS": {"p50": [2.0] * 3}})
    text = with_last_run(HEADING, found)
    assert "short run" not in text and "Other programs used both" not in text
    assert "Runs that do not count" not in text


def test_the_committed_document_has_a_last_run() -> None:
    _, found, last = (ROOT / "server/COMPARED.md").read_text().partition(HEADING)
    assert found and "### Where microlive is behind" in last and "### Versions" in last


def result(**values: Any) -> dict[str, Any]:
    """A result of the load generator."""
    return {"delays": [1.0], "joins": [1.0], "gaps": [1.0], "pictures": 90, "broken": 10} | values


def test_figures_of_viewers() -> None:
    found = viewer_figures(
        result(delays=[3.0, 1.0, 2.0], joins=[200.0, 100.0], packets=990, missing=10)
    )
    assert (found["p50"], found["join_p50"], found["missing"]) == (2, 150, 1)
    with pytest.raises(RunInvalid):
        viewer_figures(result(delays=[]))


def test_figures_of_lost_packets_are_beside_no_loss() -> None:
    found = loss_figures(
        {0: result(delays=[35.0]), 5: result(delays=[60.0], gaps=[33.0, 90.0]), 10: result()}
    )
    assert (found["loss5_delay"], found["loss5_gap"], found["loss5_broken"]) == (25, 90, 10)
    with pytest.raises(RunInvalid, match="5 %"):
        loss_figures({0: result(), 5: result(gaps=[]), 10: result()})


def test_a_token_of_livekit() -> None:
    head, claims, signature = livekit_token.token("viewer1", "live0", 1_000).split(".")
    found = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert found["sub"] == "viewer1" and found["video"]["room"] == "live0"
    assert found["exp"] > 1_000 and found["iss"] == livekit_token.KEY
    assert head and len(signature) == 43


@pytest.mark.parametrize("key", PEERS)
def test_peers_listen_on_loopback_only(key: str) -> None:
    launch = PEERS[key].launch("/program", "/folder")
    assert launch.words[0] == "/program"
    text = f"{launch.files} {launch.environ}"
    assert "127.0.0.1" in text and "0.0.0.0" not in text
    live = PEERS[key].live
    assert live is not None
    targets = [live(number, 3, 0.0) for number in range(2)]
    assert targets[0].publish != targets[1].publish
    assert all(f"127.0.0.1:{launch.port}" in target.publish for target in targets)
    assert all(f"127.0.0.1:{launch.port}" in each for each in targets[0].watch)


@pytest.mark.service
@pytest.mark.timeout(150)
async def test_lives_of_microlive_are_created_by_request(tmp_path: Path) -> None:
    """The real server starts with the options of the comparison, on one core, and ends."""
    core, port = min(os.sched_getaffinity(0)), free_port()

    def launch(program: str, folder: str) -> Launch:
        usual = MICROLIVE.launch(program, folder)
        words = tuple(word.replace(str(usual.port), str(port)) for word in usual.words)
        return replace(usual, words=words, port=port)

    program = Path(sys.prefix) / "bin" / "microlive"
    entry = Entry("microlive", replace(MICROLIVE, launch=launch), program)
    async with running(entry, tmp_path, core) as pid:
        meter = Meter(pid, [os.getpid()], (core, core))
        assert os.sched_getaffinity(pid) == {core}
        lives = await open_lives(entry, 2, 1)
        assert len({live.publish for live in lives}) == 2
        assert all("/whep/" in live.watch[0] for live in lives)
        use = meter.take()
        assert use.server > 0 and 0 <= use.generator_core <= 1
    assert not Path(f"/proc/{pid}").exists()


def script(tmp_path: Path, text: str) -> Path:
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return program


def entry_of(program: Path) -> Entry:
    return Entry("Peer", Server("Peer", lambda path, _: Launch((path,), 1), ()), program)


async def test_a_peer_that_does_not_start_is_explained(tmp_path: Path) -> None:
    program = script(tmp_path, "echo unknown option; exit 3")
    with pytest.raises(PeerFailed, match=r"ended.*scripts/README\.md[^$]*unknown option"):
        async with running(entry_of(program), tmp_path, min(os.sched_getaffinity(0))):
            pass


async def test_a_peer_that_does_not_listen_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "START_WITHIN", 0.2)
    program = script(tmp_path, "exec sleep 60")
    with pytest.raises(PeerFailed, match="does not listen"):
        async with running(entry_of(program), tmp_path, min(os.sched_getaffinity(0))):
            pass


async def test_a_file_that_is_no_program_is_explained(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    with pytest.raises(PeerFailed, match="does not run"):
        async with running(entry_of(program), tmp_path, min(os.sched_getaffinity(0))):
            pass


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "name a peer"),
        ({"srs": Path("/no/such/srs")}, "--srs /no/such/srs: there is no such program"),
        ({"only": "creators,joins"}, "there is no case 'joins'"),
        ({"microlive": [Path("/no/such")], "srs": Path(sys.executable)}, "--microlive /no/such"),
        ({"srs": Path(sys.executable), "write": Path("/no/such.md")}, "--write /no/such.md"),
    ],
)
def test_bad_options(
    options: dict[str, Any], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as left:
        command.peers(**options)
    assert left.value.exit_code == 2
    assert words in " ".join(capsys.readouterr().err.split())


def test_a_missing_compiler_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/no/such/folder")
    with pytest.raises(GeneratorMissing, match="install Go"):
        compile_generator()


def test_versions(tmp_path: Path) -> None:
    build = "\tmod\texample.org/peer\t(devel)\n\tbuild\tvcs.revision=0123456789abcdef\n"
    assert revision(build) == "revision 012345678" and revision("no build") == ""
    stated = Server("Peer", lambda *_: Launch((), 1), ("--version",))
    assert version_of(stated, script(tmp_path, "echo peer 1.2; echo more")) == "peer 1.2"
    assert version_of(stated, script(tmp_path, "exit 1")) == ""


def test_the_video_has_one_slice_in_each_frame() -> None:
    units = clip.split_annexb(clip.video(160, 96, 10, 100))
    kinds = [unit[0] & 0x1F for unit in units]
    assert sum(kind in (1, 5) for kind in kinds) == clip.SECONDS * 10
    assert kinds.count(5) == clip.SECONDS // clip.GOP
