"""The hearts and other reactions of one room."""

import asyncio
import logging

from relay.channel.owner import Notice
from server.rooms.part import NoticeHandlers, React, RoomContext, RoomPart, Timer, ignore_reaction
from server.social.reactions import Reactions
from server.social.spacing import Spacing
from server.social.tally import TALLY_EVERY, Tally
from server.social.taps import read_taps
from server.storage.errors import StorageError

logger = logging.getLogger(__name__)

STORE_EVERY = 5.0
"""Seconds after which new reactions are stored."""


class RoomReactions(RoomPart):
    """Adds up the taps of viewers, sends the sums to every viewer, and stores the counts."""

    def __init__(self, context: RoomContext, react: React = ignore_reaction) -> None:
        super().__init__(context)
        self._react = react
        self._tally = Tally()
        self._spacing = Spacing(TALLY_EVERY)
        self._reactions = Reactions()
        self._tally_timer: Timer | None = None
        self._store_timer: Timer | None = None
        self._storing: asyncio.Task[None] | None = None
        self._lost = 0

    def between(self, start: int, end: int) -> list[tuple[int, dict[str, int]]]:
        """Returns the taps from second `start` of media time to the second before `end`, without a
        read from storage (`Reactions.between`).
        """
        return self._reactions.between(start, end)

    def notice_handlers(self) -> NoticeHandlers:
        return {"taps": self.receive_taps}

    def receive_taps(self, notice: Notice) -> None:
        edge = self._context.edge
        taps = read_taps(notice.body, notice.media_time, edge)
        if not taps:
            return
        for _, _, number in taps:
            self._context.counters.taps += number
        self._tally.add(taps)
        if self._tally_timer is None:
            self._send_tally()
        if edge <= 0:
            return  # no viewer sees anything
        self._reactions.add(notice.person, taps)
        self._react(notice.person, taps[0][0])
        if self._store_timer is None and self._storing is None:
            self._store_timer = self._context.call_later(STORE_EVERY, self._start_storing)

    async def conclude(self) -> None:
        self._stop_timers()
        await self._store_rest()

    async def close(self) -> None:
        self._stop_timers()
        await self._store_rest()

    # Tally events

    def _send_tally(self) -> None:
        """Sends the sum of the taps, or waits until an event may be sent."""
        self._tally_timer = None
        if self._tally.empty:
            return
        now = self._context.now
        if wait := self._spacing.wait(now):
            self._tally_timer = self._context.call_later(wait, self._send_tally)
            return
        self._spacing.sent(now)
        media_time = self._tally.media_time
        self._context.post({"type": "tally", "taps": self._tally.take(), "media_time": media_time})

    # Storage

    def _start_storing(self) -> None:
        self._store_timer = None
        self._storing = asyncio.get_running_loop().create_task(self._store())
        self._storing.add_done_callback(self._stored)

    def _stored(self, _: asyncio.Task[None]) -> None:
        self._storing = None
        if self._reactions.waiting and self._store_timer is None:
            self._store_timer = self._context.call_later(STORE_EVERY, self._start_storing)

    async def _store(self) -> None:
        counts = self._reactions.take()
        stored = False
        try:
            await self._context.storage.reactions.put(self._context.room, counts)
            stored = True
        except StorageError as error:
            logger.warning("room %s: reactions are not stored yet: %s", self._context.room, error)
        finally:
            self._reactions.settle(stored=stored)
            self._context.counters.lost_reactions += self._reactions.lost - self._lost
            self._lost = self._reactions.lost

    async def _store_rest(self) -> None:
        if self._storing:
            await asyncio.wait([self._storing])
            self._stop_timers()
        if self._reactions.waiting:
            await self._store()

    def _stop_timers(self) -> None:
        for timer in (self._tally_timer, self._store_timer):
            if timer:
                timer.cancel()
        self._tally_timer = self._store_timer = None
