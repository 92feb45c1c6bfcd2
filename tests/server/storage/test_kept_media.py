"""The sizes and ages of recordings and clips, with SQLite and PostgreSQL."""

from server.storage.kept_media import STEP, KeptMedia
from server.storage.schema.media import clip, recording, recording_piece, recording_segment
from server.storage.storage import Storage
from tests.server.storage.rows import add_row, count_rows

NOW = 1_000_000.0


async def test_the_oldest_come_first(storage: Storage) -> None:
    database = storage.database
    assert await storage.kept_media.total() == 0
    assert await storage.kept_media.oldest() == ([], 0)
    for number in range(STEP):
        values = {"state": "published", "created_at": 2.0 * number, "bytes": 1 << 40}
        await add_row(database, clip, id=f"clip{number}", **values)
        values = {"state": "finished", "began_at": 2.0 * number + 1.0, "bytes": 3}
        await add_row(database, recording, room=f"live{number}", **values)
    await add_row(database, recording, room="running", state="recording", began_at=0.0, bytes=7)
    total = STEP * ((1 << 40) + 3) + 7
    oldest, of_all = await storage.kept_media.oldest()
    assert of_all == total == await storage.kept_media.total()
    assert len(oldest) == STEP
    assert oldest[:2] == [KeptMedia("clip", "clip0", 1 << 40), KeptMedia("recording", "live0", 3)]


async def test_a_recording_goes_with_its_segments(storage: Storage) -> None:
    for room in ("gone", "kept"):
        await add_row(storage.database, recording, room=room, state="finished", delete_at=NOW)
        for table in (recording_piece, recording_segment):
            for number in (1, 2):
                key = "piece" if table is recording_piece else "sequence"
                await add_row(storage.database, table, **{"room": room, key: number})
    await storage.kept_media.delete([KeptMedia("recording", "gone", 1)], NOW)
    expected = {"recording": 1, "recording_piece": 2, "recording_segment": 2, "discarded": 1}
    assert await count_rows(storage.database) == expected
    assert await storage.discarded.oldest(9) == ["lives/gone/"]
    assert await storage.kept_media.delete_overdue(NOW - 1, 0.0) == 0
    assert await storage.kept_media.delete_overdue(NOW, 0.0) == 1
    assert await count_rows(storage.database) == {"discarded": 2}
