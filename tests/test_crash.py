"""The ledger of `scripts/bench crash`, and two kills of a real server on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.benchmarks import crash, crash_recording
from scripts.benchmarks.crash_clips import count_clips
from scripts.benchmarks.crash_ledger import Findings, Ledger, Shown
from scripts.benchmarks.postgres import Postgres
from server.clips.final import file_key
from server.storage.clips import ClipLimits
from server.storage.storage import Storage
from tests.server.storage.test_clips import record as stored_clip

SENT = {name: f"message {name}" for name in "abcd"}


def shown(*ids: str) -> list[Shown]:
    return [Shown(number, name, SENT[name]) for number, name in enumerate(ids, 1)]


def test_a_whole_history_has_no_findings() -> None:
    """A message without an acknowledgement may be in the history, or not."""
    ledger = Ledger(SENT, {"a": 1, "b": 2})
    assert ledger.uncertain == ["c", "d"]
    assert ledger.compare(shown("a", "b")) == Findings()
    assert ledger.compare(shown("a", "b", "c")) == Findings()


@pytest.mark.parametrize(
    ("history", "findings"),
    [
        (shown("a"), Findings(lost=("b",))),
        (shown("a", "b", "a"), Findings(twice=("a",), changed=("a",))),
        (shown("b", "a"), Findings(changed=("b", "a"))),
        ([*shown("a", "b"), Shown(2, "c", SENT["c"])], Findings(twice=("b", "c"))),
        ([*shown("a"), Shown(2, "b", "another text")], Findings(changed=("b",))),
        ([*shown("a", "b"), Shown(3, "z", "never sent")], Findings(changed=("z",))),
    ],
)
def test_findings(history: list[Shown], findings: Findings) -> None:
    assert Ledger(SENT, {"a": 1, "b": 2}).compare(history) == findings


async def test_every_clip_is_compared_with_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also more clips than a list of the API has."""
    monkeypatch.setattr("server.storage.clips.MAX_LISTED", 1)
    storage = await Storage.open(tmp_path)
    try:
        for number in range(3):
            record = stored_clip(number, bytes=4)
            await storage.clips.add(record, ClipLimits(10, 10))
            path = tmp_path / "media" / file_key(record, "video.mp4")
            path.parent.mkdir(parents=True)
            path.write_bytes(b"data"[: 4 - number])
        faults: list[str] = []
        assert await count_clips(tmp_path, storage, "room", faults) == 3
    finally:
        await storage.close()
    assert sorted(faults) == [
        "clip clip-1: its files have 3 of 4 bytes",
        "clip clip-2: its files have 2 of 4 bytes",
    ]


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL"])
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    if request.param == "SQLite":
        yield None
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.database() as url:
        yield url


@pytest.mark.service
@pytest.mark.timeout(120)
async def test_a_killed_server_keeps_what_it_acknowledged(
    tmp_path: Path, database: str | None
) -> None:
    run = await crash.measure(tmp_path, database, crash.Plan(2, 50), progress=lambda _: None)
    assert run.kills == 2 and run.acknowledged > 50
    assert all(bar.kept for bar in run.bars), run


@pytest.mark.service
@pytest.mark.timeout(120)
async def test_a_killed_server_loses_at_most_the_last_segment_of_a_recording(
    tmp_path: Path,
) -> None:
    """The killed server also leaves no incomplete clip."""
    run = await crash_recording.measure(tmp_path, None, 2, (5.3, 6.0), progress=lambda _: None)
    assert run.kills == 2 and run.segments >= 2
    assert all(bar.kept for bar in run.bars), run
