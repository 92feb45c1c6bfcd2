"""Attacks with many rooms that are live at the same time."""

import asyncio

from scripts.benchmarks.hostile.arena import Arena, NotPrepared
from scripts.benchmarks.hostile.raw_creator import RawCreator

LIVES = 41
"""Number of live rooms: one more than the server can play over HLS at the same time."""


class ManyHlsLives:
    """41 live rooms of one address, each with an HLS viewer. The server must still play another
    room over HLS.
    """

    per_second = 10

    async def prepare(self, arena: Arena) -> None:
        self._creators = [RawCreator(arena, "127.0.0.13") for _ in range(LIVES)]
        self._rooms: list[str] = []
        for creator in self._creators:
            made = await arena.create_room("127.0.0.13")
            if made and await creator.go_live(made):
                self._rooms.append(made.room)
        if len(self._rooms) < LIVES:
            raise NotPrepared(f"the server accepted {len(self._rooms)} creators")

    async def run(self, arena: Arena, seconds: float) -> None:
        watching = asyncio.create_task(self._watch(arena))
        frame = 0
        for creator in self._creators:
            creator.restart_consent()
        while arena.passed < seconds:
            frame = (frame + 1) % len(arena.clip.frames)
            for creator in self._creators:
                creator.send_frame(arena.clip.frames[0 if frame % 30 == 0 else frame])
                creator.audio(arena.clip.sounds[0])
                creator.keep()
            await asyncio.sleep(1 / self.per_second)
        await watching

    async def _watch(self, arena: Arena) -> None:
        await asyncio.gather(*(self._request(arena, room) for room in self._rooms))
        url = f"{arena.url}/hls/{arena.room}/live.m3u8"
        async with arena.http("127.0.0.14").get(url) as answer:
            arena.demand("HLS refused to another room", answer.status != 200, 0)

    async def _request(self, arena: Arena, room: str) -> None:
        url = f"{arena.url}/hls/{room}/live.m3u8"
        async with arena.http("127.0.0.13").get(url) as answer:
            arena.note_status(answer.status)
