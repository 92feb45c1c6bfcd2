"""Writes many public clips into a database, as if people had made them over weeks."""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from server.discovery.grams import grams_of
from server.discovery.tags import tags_of
from server.storage.schema.discovery import search_gram, tag, tag_use
from server.storage.schema.media import clip
from server.storage.schema.upsert import insert
from server.storage.storage import Storage

STEP = 1_000
"""Number of clips in one transaction."""
BEGAN = 1_700_000_000.0
EVERY = 20.0
"""Seconds between two clips."""

WORDS = (
    "라이브 먹방 오늘의 노래 기타 연습 공부 같이 게임 고양이 강아지 산책 요리 챌린지 댄스 커버 "
    "일상 브이로그 운동 홈트 그림 그리기 피아노 새벽 감성 수다 질문 답변 첫방송 꿀팁 리뷰 여행 "
    "live cooking music guitar practice study with me game cat dog walk challenge dance cover "
    "daily vlog workout drawing piano late night talk question answer first stream tips review "
    "travel city train garden coffee baking code build repair chess puzzle yoga running river"
).split()
"""Words of the titles. The first ones are the most frequent (Zipf's law)."""


def title_of(number: int) -> str:
    """Returns the title of a clip: three to six words, of which one or two are tags, and a word
    that few clips have. The same number always has the same title.
    """
    chance = random.Random(number)
    weights = [1 / (rank + 1) for rank in range(len(WORDS))]
    words = chance.choices(WORDS, weights, k=chance.randint(3, 6))
    for at in range(chance.randint(1, 2)):
        words[at] = f"#{words[at]}"
    return " ".join([*words, rare_word(number)])


def rare_word(number: int) -> str:
    """Returns a word of three syllables, which some hundred clips of 100,000 have."""
    chance = random.Random(number % 400)
    return "".join(chr(0xAC00 + chance.randrange(11_172)) for _ in range(3))


async def write_clips(storage: Storage, count: int, creators: Sequence[str]) -> None:
    """Writes clips of the lives of `creators`, ids of people, in many transactions."""
    for first in range(0, count, STEP):
        numbers = range(first, min(first + STEP, count))
        rows = [_clip(number, creators[number % len(creators)]) for number in numbers]

        async def write(connection: AsyncConnection, rows: list[dict[str, Any]] = rows) -> None:
            await connection.execute(clip.insert(), rows)
            await connection.execute(search_gram.insert(), list(_grams(rows)))
            uses, tags = _tags(rows)
            statement = insert(connection, tag).on_conflict_do_nothing(index_elements=["tag"])
            await connection.execute(statement, tags)
            await connection.execute(tag_use.insert(), uses)

        await storage.database.write(write)


def _clip(number: int, creator: str) -> dict[str, Any]:
    at = BEGAN + EVERY * number
    return {
        **{"id": f"clip-{number}", "room": f"room-{number % 5_000}", "creator": creator},
        **{"person": None, "title": title_of(number), "caption": "", "state": "published"},
        **{"visibility": "public", "source": "viewer", "media_time": 0, "duration": 20_000_000},
        **{"width": 720, "height": 1280, "bytes": 3_000_000, "pictures": True, "revision": 1},
        **{"server": "", "created_at": at, "published_at": at},
    }


def _grams(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        for gram in sorted(grams_of(row["title"])):
            yield {"gram": gram, "kind": "clip", "item": row["id"], "at": row["published_at"]}


def _tags(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Returns the rows of the uses of tags, and of the tags."""
    uses: list[dict[str, Any]] = []
    tags: dict[str, dict[str, Any]] = {}
    for row in rows:
        at = row["published_at"]
        for one in tags_of(row["title"]):
            use = {"tag": one.tag, "kind": "clip", "item": row["id"], "at": at}
            uses.append(use | {"creator": row["creator"]})
            tags[one.tag] = {"tag": one.tag, "name": one.name, "at": at}
    return uses, list(tags.values())
