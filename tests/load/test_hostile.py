"""One attack of `scripts/bench hostile`, from its server to its figures."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.benchmarks.commands.running import two_cores
from scripts.benchmarks.hostile.measure import Bench
from scripts.benchmarks.hostile.rows import ROWS
from scripts.benchmarks.local_server import ServerFailed
from scripts.loadgen.clip import encode

pytestmark = pytest.mark.service


def bench(folder: Path) -> Bench:
    """Returns a small benchmark for attacks without TLS."""
    none = folder / "none"
    return Bench(folder, 4.0, two_cores(), encode(160, 120, 15, 200), (none, none), viewers=20)


async def test_an_attack_is_measured_with_honest_viewers(tmp_path: Path) -> None:
    row = next(row for row in ROWS if row.name == "strange-certificate")
    pair = await bench(tmp_path).measure(row)

    assert "gone: session ended" in [note.what for note in pair.notes]
    assert [bar.name for bar in pair.demands] == ["session ended after"]
    for side in (pair.quiet, pair.attack):
        assert side.felt.lost == 0
        assert all(map(math.isfinite, (side.felt.media_p99, side.felt.health_p99, side.cpu)))
    assert 0 < pair.memory.before <= pair.memory.peak


async def test_an_attack_that_the_server_refuses_to_prepare_is_not_measured(
    tmp_path: Path,
) -> None:
    row = next(row for row in ROWS if row.name == "silent-transcoding")
    strict = replace(row, options=("--max-rooms-per-address-hour=1",))
    with pytest.raises(ServerFailed, match="refused to create a room"):
        await bench(tmp_path).measure(strict)
