"""The pure parts of `scripts/bench hostile`, and the packets that its attackers write."""

import json
import math
import os
import subprocess
import sys
from dataclasses import replace

import pytest
import typer
from aiortc.rtp import RtcpPacket, RtcpRtpfbPacket

from relay.errors import BitstreamError
from relay.media.h264 import parse_sps
from relay.message import Kind, Record, pack_record
from relay.sample import Track
from scripts.benchmarks.commands.hostile import chosen_rows
from scripts.benchmarks.commands.hostile_modes import finite
from scripts.benchmarks.figures import Bar
from scripts.benchmarks.hostile.bare_dtls import client_hello
from scripts.benchmarks.hostile.connections import tls_client_hello
from scripts.benchmarks.hostile.control import due_waits
from scripts.benchmarks.hostile.creator_packets import long_sps
from scripts.benchmarks.hostile.figures import (
    Felt,
    Memory,
    Note,
    Pair,
    Report,
    Result,
    Side,
    moved_counters,
)
from scripts.benchmarks.hostile.overload import worse
from scripts.benchmarks.hostile.pauses import Ear, numbered_sound
from scripts.benchmarks.hostile.process_tree import cpu_seconds, resident_mb, tree
from scripts.benchmarks.hostile.rows import ROWS
from scripts.benchmarks.hostile.viewer_feedback import ENTRIES, nack
from scripts.benchmarks.hostile.yardstick import read_counters

BUSY = "b = bytearray(b'x' * 50_000_000); print('r', flush=True); input()"
SPENT = 0.3
"""CPU time that the process SPEND uses at least, seconds."""
SPEND = f"""
import time
while time.process_time() < {SPENT + 0.05}: pass
print('r', flush=True); input()
"""

CALM = Felt(
    media_p50=4, media_p99=10, gap=40, health_p50=1, health_p99=2, late=1, lost=0, frames=30
)
QUIET = Side(CALM, cpu=10, waited=0)
STEADY = Memory(before=100, peak=110, after=105, back=0)


def pair(attack: Side = QUIET, memory: Memory = STEADY, *notes: Note) -> Pair:
    return Pair(QUIET, attack, memory, notes, {"packets": 5}, ())


def result(*pairs: Pair) -> Result:
    return Result("an-attack", "H1", "a title", pairs, 0)


def missed(*pairs: Pair) -> list[str]:
    return [bar.name for bar in result(*pairs).missed]


def test_an_attack_without_effect_is_harmless_and_keeps_all_bars() -> None:
    assert pair().fate == "harmless"
    assert missed(pair()) == []


@pytest.mark.parametrize(
    ("felt", "name"),
    [
        (replace(CALM, media_p99=15.1), "media p99, share of its limit"),
        (replace(CALM, gap=101), "longest gap"),
        (replace(CALM, health_p99=51), "/healthz p99"),
        (replace(CALM, lost=1), "viewers lost"),
        (replace(CALM, media_p99=math.nan), "media p99, share of its limit"),
    ],
)
def test_what_others_notice_misses_a_bar(felt: Felt, name: str) -> None:
    assert missed(pair(replace(QUIET, felt=felt))) == [name]


def test_the_media_p99_may_rise_by_5_ms_or_by_a_fifth() -> None:
    assert missed(pair(replace(QUIET, felt=replace(CALM, media_p99=15)))) == []
    slow = replace(QUIET, felt=replace(CALM, media_p99=50))
    assert replace(pair(slow), quiet=slow).share == pytest.approx(50 / 60)


def test_memory_must_come_back() -> None:
    assert missed(pair(QUIET, Memory(100, 130, 131, math.inf), Note("gone", 0.1, 1))) == [
        "memory after 30 s, share of its limit"
    ]


@pytest.mark.parametrize(
    ("side", "memory"),
    [(replace(QUIET, cpu=21), STEADY), (QUIET, Memory(100, 131, 100, 1))],
)
def test_a_costly_attacker_must_be_stopped_within_3_s(side: Side, memory: Memory) -> None:
    assert missed(pair(side, memory)) == ["attacker stopped"]
    assert missed(pair(side, memory, Note("refused: HTTP 429", 3.6, 2))) == ["attacker stopped"]
    stopped = pair(side, memory, Note("refused: HTTP 429", 2.9, 2))
    assert missed(stopped) == []
    assert stopped.fate == "refused: HTTP 429 at 2.9 s (2)"
    assert pair(side, memory).fate == "SERVED"


def test_each_bar_takes_the_median_of_the_pairs() -> None:
    noisy = pair(replace(QUIET, felt=replace(CALM, gap=500)))
    assert missed(pair(), noisy, pair()) == []
    assert missed(noisy, noisy, pair()) == ["longest gap"]


def test_a_bar_of_one_attack_takes_the_worst_pair() -> None:
    demands = [replace(pair(), demands=(Bar("bytes", value, 3, "×"),)) for value in (1, 4)]
    assert missed(*demands) == ["bytes"]


@pytest.mark.parametrize(
    "side",
    [replace(QUIET, felt=replace(CALM, late=5.1)), replace(QUIET, waited=11)],
)
def test_a_disturbed_run_is_invalid(side: Side) -> None:
    assert pair().problem == ""
    assert pair(side).problem
    assert replace(pair(), quiet=side).problem


def test_a_report_names_what_was_missed_and_what_was_not_measured() -> None:
    report = Report((result(pair()), Result("other", "", "a title", (), 2, "no server")))
    assert report.missing == ["other: no server"]
    assert report.missed == []
    text = json.dumps(finite(report.as_json()), allow_nan=False)
    assert json.loads(text)["rows"][0]["pairs"][0]["sent"] == {"packets": 5}


def test_infinity_becomes_null() -> None:
    assert finite({"a": [math.inf, 1.0, "b"], "c": (math.nan,)}) == {
        "a": [None, 1.0, "b"],
        "c": [None],
    }


def test_counters_of_the_defence_that_grow_more_than_usual_are_noted() -> None:
    samples = [
        (0.0, {"rejected_total": 5.0, "sent_total": 0.0}),
        (0.5, {"rejected_total": 5.0, "sent_total": 100.0}),
        (1.0, {"rejected_total": 9.0, "sent_total": 200.0, "refused_total": 1.0}),
    ]
    assert moved_counters({}, samples) == [
        Note("refused_total", 1.0, 1),
        Note("rejected_total", 1.0, 4),
    ]
    assert moved_counters({"rejected_total": 4.0}, samples) == [Note("refused_total", 1.0, 1)]
    assert moved_counters({}, []) == []


def test_counters_are_read_with_their_labels() -> None:
    text = (
        "# TYPE microlive_let_go_total counter\nmicrolive_let_go_total 2.0\n"
        "# TYPE microlive_joins_total counter\n"
        'microlive_joins_total{path="hls"} 3.0\n'
        "# TYPE microlive_tasks gauge\nmicrolive_tasks 5.0\n"
    )
    assert read_counters(text) == {
        "microlive_let_go_total": 2.0,
        "microlive_joins_total{path=hls}": 3.0,
    }


def test_rows_have_different_names() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_only_chooses_rows_by_name() -> None:
    assert chosen_rows("") == list(ROWS)
    assert [row.name for row in chosen_rows("metrics, long-nacks")] == ["metrics", "long-nacks"]
    with pytest.raises(typer.Exit):
        chosen_rows("no-such-attack")


def test_a_row_runs_at_least_as_long_as_the_timeouts_that_end_it() -> None:
    row = next(row for row in ROWS if row.name == "slow-headers")
    assert row.duration(6) == row.hold
    assert row.duration(30) == 30


def test_the_long_parameter_set_is_as_long_as_in_the_review() -> None:
    sps = long_sps()
    assert 4_000 < len(sps) < 6_000
    assert b"\0\0\0" not in sps and b"\0\0\1" not in sps
    with pytest.raises(BitstreamError):
        parse_sps(sps)


def test_a_long_nack_requests_4590_numbers() -> None:
    data = nack(7, [17 * number for number in range(ENTRIES)])
    assert len(data) == 1_092
    (packet,) = RtcpPacket.parse(data)
    assert isinstance(packet, RtcpRtpfbPacket)
    assert (packet.media_ssrc, len(packet.lost)) == (7, 4_590)


def test_the_worse_figure_of_two_readers_counts() -> None:
    other = replace(CALM, media_p99=3, gap=math.nan, frames=20)
    worst = worse(CALM, other)
    assert (worst.media_p99, worst.frames, worst.health_p99) == (10, 20, 2)
    assert math.isnan(worst.gap)


def test_an_ear_tells_numbered_packets_from_generated_ones() -> None:
    ear = Ear()
    trun = b"\0\0\0\x20trun\0\0\0\1\0\0\0\3"
    body = trun + numbered_sound(7) + b"\xf8\xff\xfe" + numbered_sound(2**31)
    ear.receive(pack_record(Record(Kind.MEDIA, body, track=Track.AUDIO)))
    ear.receive(pack_record(Record(Kind.MEDIA, body, track=Track.VIDEO)))
    assert (ear.heard, ear.generated) == ({7, 2**31}, 1)


def test_each_request_due_during_a_long_wait_counts() -> None:
    assert due_waits(0.1) == pytest.approx([100, 60, 20])
    assert due_waits(0.003) == [3]
    assert due_waits(-math.inf) == []  # no request waits


def test_memory_includes_child_processes() -> None:
    alone, pid = resident_mb(os.getpid()), os.getpid()
    with subprocess.Popen(
        [sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.read(1)
        assert child.pid in tree(pid)
        assert resident_mb(pid) > alone + 45
        child.kill()


def test_the_cpu_of_a_child_process_counts_before_and_after_its_end() -> None:
    pid = os.getpid()
    before = cpu_seconds(pid)
    with subprocess.Popen(
        [sys.executable, "-c", SPEND], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.read(1)
        assert cpu_seconds(pid) >= before + SPENT
        child.kill()
    assert cpu_seconds(pid) >= before + SPENT


def test_handshakes_begin_with_a_client_hello() -> None:
    assert client_hello()[0] == 22  # content type of handshake records (RFC 6347 §4.1)
    assert client_hello()[13] == 1  # message type client_hello
    assert tls_client_hello()[:1] == b"\x16"
