"""One attack of `scripts/bench hostile`, from its server to its figures."""

import math
from pathlib import Path

import pytest

from scripts.benchmarks.commands.running import two_cores
from scripts.benchmarks.hostile.measure import Bench
from scripts.benchmarks.hostile.rows import ROWS
from scripts.loadgen.clip import encode

pytestmark = pytest.mark.service


async def test_an_attack_is_measured_with_honest_viewers(tmp_path: Path) -> None:
    row = next(row for row in ROWS if row.name == "strange-certificate")
    none = tmp_path / "none"  # this attack does not use TLS
    clip = encode(160, 120, 15, 200)
    bench = Bench(tmp_path, 4.0, two_cores(), clip, (none, none), viewers=20)
    pair = await bench.measure(row)

    assert "gone: session ended" in [note.what for note in pair.notes]
    assert [bar.name for bar in pair.demands] == ["session ended after"]
    for side in (pair.quiet, pair.attack):
        assert side.felt.lost == 0
        assert all(map(math.isfinite, (side.felt.media_p99, side.felt.health_p99, side.cpu)))
    assert 0 < pair.memory.before <= pair.memory.peak
