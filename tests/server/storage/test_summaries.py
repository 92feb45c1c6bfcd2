"""The figures of ended lives, read from the database."""

from typing import Any

from server.storage.polls import PollRecord
from server.storage.schema.chat import message
from server.storage.schema.people import follow
from server.storage.storage import Storage
from server.storage.summary_records import (
    HeartRecord,
    ResultRecord,
    SummaryRecord,
    TalkerRecord,
    WindowRecord,
)


async def insert(storage: Storage, table: Any, *rows: dict[str, Any]) -> None:
    async def write(connection: Any) -> None:
        for row in rows:
            await connection.execute(table.insert().values(**row))

    await storage.database.write(write)


def said(sequence: int, person: str | None, **values: Any) -> dict[str, Any]:
    return {
        "room": "abc",
        "sequence": sequence,
        "person": person,
        "client_id": f"c-{sequence}",
        "name": f"{person} {sequence}",
        "colour": 3,
        "handle": None,
        "role": "guest",
        "at": 100.0 + sequence,
        "body": "hi",
    } | values


async def test_taps_by_emoji_and_step(storage: Storage) -> None:
    await storage.reactions.put(
        "abc",
        [
            (second, emoji, taps, 1, 1)
            for second, taps in ((3, 1), (10, 2), (14, 3), (15, 4), (32, 5))
            for emoji in ("heart", "any")
        ]
        + [(15, "fire", 7, 1, 1)],
    )
    assert await storage.summaries.hearts("abc", 10, 5) == HeartRecord(
        {"heart": 15, "fire": 7}, {0: 6, 1: 4, 4: 5}
    )
    assert (await storage.summaries.hearts("abc", 10, 20)).steps == {0: 10, 1: 5}
    assert await storage.summaries.hearts("other", 0, 5) == HeartRecord({}, {})


async def test_the_window_with_most_people(storage: Storage) -> None:
    """A person who taps in each second of the second window counts as one person."""
    await storage.reactions.put(
        "abc",
        [
            (10, "any", 5, 2, 2),
            (12, "any", 1, 1, 1),
            *((second, "any", 40, 1, int(second == 15)) for second in range(15, 20)),
            (10, "heart", 900, 900, 900),
        ],
    )
    found = await storage.summaries.read("abc", None, 5, 0.0, 1e9)
    assert found == SummaryRecord(best=WindowRecord(10, 6, 3), talkers=[], polls=[])


async def test_an_empty_live(storage: Storage) -> None:
    assert await storage.summaries.read("abc", "owner", 5, 0.0, 1e9) == SummaryRecord(
        talkers=[], polls=[]
    )


async def test_who_wrote_most(storage: Storage) -> None:
    """Messages that viewers do not see, lines of the system and the creator do not count."""
    await insert(
        storage,
        message,
        *(said(number, "minji") for number in (1, 2, 3)),
        *(said(number, "sam") for number in (4, 5)),
        said(6, "sam", state="removed"),
        said(7, "sam", state="held"),
        *(said(number, "owner") for number in (8, 9, 10, 11)),
        *(said(number, "key", role="creator") for number in (12, 13, 14, 15)),
        said(16, None, kind="system", client_id=None),
        said(17, None),
        *(said(20 + number, f"p-{number}") for number in range(6)),
    )
    found = await storage.summaries.read("abc", "owner", 5, 0.0, 1e9)
    assert found.messages == 20
    assert found.talkers == [
        TalkerRecord("minji", "minji 3", 3, None, 3),
        TalkerRecord("sam", "sam 5", 3, None, 2),
        *(TalkerRecord(f"p-{n}", f"p-{n} {20 + n}", 3, None, 1) for n in (5, 4, 3)),
    ]


async def test_new_followers_of_the_live(storage: Storage) -> None:
    await insert(
        storage,
        follow,
        *(
            {"follower": f"f-{at}", "followed": "owner", "at": at}
            for at in (99.0, 100.0, 150.0, 201.0)
        ),
        {"follower": "x", "followed": "other", "at": 150.0},
    )
    found = await storage.summaries.read("abc", "owner", 5, 100.0, 200.0)
    assert found.new_followers == 2
    assert (await storage.summaries.read("abc", None, 5, 100.0, 200.0)).new_followers == 0


async def test_the_results_of_polls(storage: Storage) -> None:
    await storage.polls.add(PollRecord("abc", "p1", "Tea?", ["Yes", "No", "Both"], 110.0))
    for person, answer in (("minji", 0), ("sam", 2), ("kim", 2)):
        await storage.polls.vote("abc", "p1", person, answer)
    found = await storage.summaries.read("abc", None, 5, 0.0, 1e9)
    assert found.polls == [ResultRecord("Tea?", ["Yes", "No", "Both"], [1, 0, 2], 110.0)]
