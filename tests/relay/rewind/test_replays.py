"""Indexes and files that viewers share, and their bounds."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from relay.rewind import replays as module
from relay.rewind.index import Index
from relay.rewind.replays import Replays
from relay.rewind.segments import Segment
from relay.stream.stream import Stream
from tests.fixtures.channel import make_stream
from tests.fixtures.deadline import eventually
from tests.fixtures.window import publish


@pytest_asyncio.fixture
async def replays() -> AsyncIterator[Replays]:
    made = Replays()
    yield made
    made.close()
    assert made.held == 0


@pytest.fixture
def stream() -> Stream:
    made = make_stream()
    publish(made, 7)
    return made


async def test_viewers_share_an_index_for_a_moment(
    replays: Replays, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After this moment, the window is read again, and the old samples are released."""
    monkeypatch.setattr(module, "INDEX_AGE", 0.05)
    first, second = await asyncio.gather(replays.index(stream), replays.index(stream))
    assert first is second
    await eventually(lambda: not replays._indexes)
    assert await replays.index(stream) is not first


async def test_a_viewer_who_leaves_does_not_end_the_work_for_others(
    replays: Replays, stream: Stream
) -> None:
    leaving = asyncio.create_task(replays.index(stream))
    staying = asyncio.create_task(replays.index(stream))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).segments


async def test_a_file_is_made_once(
    replays: Replays, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = await replays.index(stream)
    made: list[Segment] = []
    write = Index.write

    def counted(self: Index, each: Segment) -> bytes:
        made.append(each)
        return write(self, each)

    monkeypatch.setattr(Index, "write", counted)
    segment = index.segments[0]
    files = [await replays.file(index, segment) for _ in range(3)]
    assert made == [segment] and files[0] is files[2]
    assert replays.held == len(files[0])


@pytest.mark.parametrize("bound", ["FILES", "FILE_BYTES"])
async def test_the_oldest_files_are_dropped(
    replays: Replays, stream: Stream, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    index = await replays.index(stream)
    sizes = [len(index.write(segment)) for segment in index.segments]
    monkeypatch.setattr(module, bound, 1 if bound == "FILES" else max(sizes))
    for segment in index.segments:
        await replays.file(index, segment)
    assert len(replays._files) == 1 and replays.held == sizes[-1]


async def test_a_defect_reaches_each_viewer_and_is_not_kept(
    replays: Replays, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = await replays.index(stream)

    def broken(_: Index, segment: Segment) -> bytes:
        raise ValueError(segment.start)

    monkeypatch.setattr(Index, "write", broken)
    with pytest.raises(ValueError):
        await replays.file(index, index.segments[0])
    assert replays.held == 0
