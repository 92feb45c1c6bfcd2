"""Limits one live to the length that its creator chose."""

import asyncio

from relay.errors import RefusalCode
from server.errors import Conflict
from server.rooms.commands.countdown import AddMinute, CountdownEnd
from server.rooms.life import State
from server.rooms.part import CommandHandlers, RoomContext, RoomPart, Timer
from server.social.author import Author
from server.social.countdown import MINUTE, Countdown, CountdownState, length_of


class RoomCountdown(RoomPart):
    """Ends the live when its length is over, and tells viewers how much time remains."""

    def __init__(self, context: RoomContext) -> None:
        super().__init__(context)
        record = context.record
        most = context.max_length
        self._countdown = Countdown(length_of(record.length_s, most), most, record.live_at)
        self._timer: Timer | None = None
        self._adding = asyncio.Lock()
        self._announce()
        self._set_timer()

    def command_handlers(self) -> CommandHandlers:
        return {AddMinute: self.add_minute}

    async def add_minute(self, author: Author, command: AddMinute) -> CountdownEnd:
        """Stores the new length, and then adds the minute to the countdown. Raises Conflict if the
        live has no length or the maximum length, or if its time is over.
        """
        async with self._adding:
            countdown, context = self._countdown, self._context
            if countdown.length is None or countdown.state is CountdownState.OVER:
                raise Conflict(RefusalCode.NO_COUNTDOWN, "this live has no time limit to extend")
            if not countdown.can_add_minute():
                raise Conflict(
                    RefusalCode.LENGTH_AT_MAXIMUM, "the live has the maximum length of this server"
                )
            ends_at = None if countdown.ends_at is None else countdown.ends_at + MINUTE
            await context.storage.rooms.change(
                context.room, length_s=countdown.length + MINUTE, ends_at=ends_at
            )
            if not countdown.add_minute():
                raise Conflict(RefusalCode.NO_COUNTDOWN, "the time of this live is over")
            self._announce()
            self._set_timer()
            return CountdownEnd(countdown.length, milliseconds(countdown.ends_at))

    def state_changed(self, before: State, after: State) -> None:
        if after is State.LIVE:
            self._countdown.go_live(self._context.now)
            self._announce()
            self._set_timer()
        elif after is State.ENDED:
            self._stop_timer()

    async def close(self) -> None:
        self._stop_timer()

    def _advance(self) -> None:
        self._timer = None
        if self._countdown.advance(self._context.now):
            self._announce()
        self._set_timer()
        if self._countdown.state is CountdownState.OVER:
            self._context.end()

    def _set_timer(self) -> None:
        self._stop_timer()
        if (due := self._countdown.next_at()) is not None:
            wait = max(due - self._context.now, 0.0)
            self._timer = self._context.call_later(wait, self._advance)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _announce(self) -> None:
        """Sends the countdown to every viewer, including viewers that join later."""
        countdown, context = self._countdown, self._context
        if countdown.length is None:
            return
        media_end = None
        if countdown.ends_at is not None:
            # Without media, media time is the age of the room.
            now, edge = context.now, context.edge
            edge = edge if edge > 0 else round((now - context.record.created_at) * 1_000_000)
            media_end = edge + round((countdown.ends_at - now) * 1_000_000)
        event = {
            "type": "countdown",
            "state": countdown.state.value,
            "length": countdown.length,
            "ends_at": milliseconds(countdown.ends_at),
            "media_end": media_end,
        }
        context.post(event, key="countdown")


def milliseconds(seconds: float | None) -> int | None:
    """Returns Unix seconds as milliseconds."""
    return None if seconds is None else round(seconds * 1_000)
