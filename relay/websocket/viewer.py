"""One viewer over a WebSocket: what of each message it gets, and what it says.

Media goes past aiohttp's writer: a message is framed once and the same bytes go to every viewer's
transport, without a coroutine; and past this object too (relay/channel/fanout.py), as long as the
viewer's connection takes all it is given.
"""

import asyncio
import json
import logging
import time
from collections import deque
from dataclasses import dataclass

from aiohttp import web

from relay.channel.fanout import Line
from relay.channel.outbox import JOIN_MS, DrainRate, Message, Outbox, Pace
from relay.channel.wsframe import PING, PONG, control_frame, text_frame
from relay.stream.stream import Stream
from relay.websocket.tcp import in_kernel, plain_socket

logger = logging.getLogger(__name__)

UPSTREAM_BYTES = 4_096
UPSTREAM_PER_SECOND = 20
JOIN_CHUNK = 32_768
"""Bytes of a join that wait in the transport at most: what waits there cannot be taken back from a
viewer that proves slow.
"""
JOIN_AGAIN = 0.03
"""Seconds until more of a join is tried."""
READS_NOTHING = 15.0
"""Seconds without a byte taken, after which a viewer is let go."""
SAYS_NOTHING = 20.0
"""Seconds without a word from a viewer, after which it is pinged; after half as many more it is
gone.
"""
BACKLOG_MAX = 4 * 1024 * 1024
"""Bytes that may wait beyond the join burst, whatever they are."""
SLOW_RATE = 500_000.0
"""bit/s assumed for a stream whose rate is not measured yet."""

GOING_AWAY, UNREADABLE, POLICY, READ_NOTHING, ENDED, UNSUPPORTED = (
    1001,
    1007,
    1008,
    4408,
    4410,
    4415,
)


@dataclass(slots=True)
class Counters:
    """What happened on this exit since the process began."""

    joined: int = 0
    """Those who came for media."""
    slowed: int = 0
    dropped: int = 0
    """Video frames left out for viewers that have left."""
    let_go: int = 0
    refused: int = 0
    octets: int = 0
    """Bytes written for one viewer alone; what streams write to all of theirs is counted there
    (relay/stream/hub.py).
    """


class WebSocketViewer:
    """A viewer of one stream. `send` is called by the stream for each message; nothing here waits
    for the viewer.
    """

    def __init__(
        self,
        ws: web.WebSocketResponse,
        transport: asyncio.WriteTransport,
        stream: Stream,
        counters: Counters,
    ) -> None:
        self._ws = ws
        self._transport = transport
        self._stream = stream
        self._counters = counters
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox(self._loop.time() * 1_000)
        self._drain = DrainRate()
        self._joining: deque[Message] = deque()
        self._join_timer: asyncio.TimerHandle | None = None
        self._join_began = self._loop.time() * 1_000
        self._heard_at = self._loop.time()
        self._silence_timer = self._loop.call_later(SAYS_NOTHING, self._break_silence)
        self._line: Line | None = None
        self._attached = True
        self._media = True
        self._closer: asyncio.Task[bool] | None = None
        self._written = 0
        self._taken = 0
        self._taken_at = self._loop.time()
        self._allowance = float(UPSTREAM_PER_SECOND)

    @property
    def dropped(self) -> int:
        """Video frames left out since the connection began."""
        return self._outbox.dropped

    @property
    def lag(self) -> float | None:
        """ms behind the live edge, half a round trip included, by the viewer's last report; None
        before one, and for who gets no media here.
        """
        return self._outbox.lag if self._media else None

    def join(self, greeting: str, *, media: bool = True) -> None:
        """The greeting, and all that a joining viewer gets as fast as it takes it; live messages
        follow behind that. Without `media`: events alone.
        """
        self._media = media
        self._write(text_frame(greeting))
        self._joining.extend(self._stream.subscribe(self, media=media))
        self._continue_join()
        if media:
            self._stream.joined(time.time_ns() // 1_000)

    def send(self, message: Message) -> None:
        if not self._attached or self._transport.is_closing():
            return
        if self._joining:
            self._joining.append(message)
            self._continue_join()
            return
        waiting = self._transport.get_write_buffer_size()
        outbox = self._outbox
        if not waiting and outbox.pace is Pace.FULL:
            # Nothing waits, nothing to decide: the next ones need not come here.
            self._taken_at = self._loop.time()
            self._drain.add(self._written, 0, 0.0)
            if not self._put_on_line(message):
                self._write(message.frame)
            return
        now = self._loop.time()
        if waiting:
            waiting += in_kernel(self._transport)
            if not self._still_reads(waiting, now):
                return
        pace, wanted = outbox.pace, outbox.wants_keyframe
        data = outbox.choose(
            message, waiting, self._drain.rate or self._stream.bitrate or SLOW_RATE, now * 1_000
        )
        if data:
            self._write(data)
        if outbox.pace is not pace:
            self._tell_pace()
        if outbox.wants_keyframe and not wanted:
            self._stream.demand_keyframe()

    def _put_on_line(self, message: Message) -> bool:
        """Sends a message past the transport, as the next ones will be. Returns whether there is
        such a way.
        """
        if self._line is None:
            sock = plain_socket(self._transport)
            if sock is None:
                return False
            try:
                self._line = Line(sock.fileno(), self._overflow)
            except OSError:  # no descriptor is left: it goes on through the transport
                return False
        sent = self._line.write(message.frame)
        self._counters.octets += sent
        if sent == len(message.frame):
            self._stream.open_line(self, self._line)
        else:
            self._overflow(message, sent)
        return True

    def _overflow(self, message: Message, sent: int) -> None:
        # What went over the line was not counted: begin anew.
        self._written, self._taken_at = 0, self._loop.time()
        self._write(message.frame[sent:])
        self._taken = (
            self._written - self._transport.get_write_buffer_size() - in_kernel(self._transport)
        )

    def end(self) -> None:
        self.close(ENDED, "the room has ended")

    def close(self, code: int, reason: str) -> None:
        """Detaches, since no data may follow a close frame, and closes in a task that `closed`
        waits for.
        """
        if self._attached:
            self._detach()
            self._closer = self._loop.create_task(
                self._ws.close(code=code, message=reason.encode()[:120])
            )

    async def closed(self) -> None:
        """Leaves the stream and sees the close through."""
        self._detach()
        self._joining.clear()
        self._silence_timer.cancel()
        if self._join_timer:
            self._join_timer.cancel()
        self._stream.unsubscribe(self)
        self._counters.dropped += self._outbox.dropped
        if self._closer:
            await self._closer

    def _detach(self) -> None:
        self._attached = False
        self._stream.close_line(self)
        if self._line:
            self._line.close()
            self._line = None

    def receive_ping(self, payload: bytes) -> None:
        self._write(control_frame(PONG, payload))

    def receive_text(self, text: str) -> None:
        """A notice from the viewer. Closes the connection on one that does not follow
        PROTOCOL.md.
        """
        try:
            notice = json.loads(text)
            kind = notice["type"]
            if kind == "time":
                answer = {"type": "time", "id": int(notice["id"]), "now": time.time_ns() // 1_000}
                self._write(text_frame(json.dumps(answer)))
            elif kind == "report":
                self._outbox.report(self._stream.behind(int(notice["media_time"])) / 1_000)
                self._stream.report(self, notice)
            else:
                raise ValueError(kind)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            self._counters.refused += 1
            logger.debug("unreadable notice from a viewer of %s: %.100r", self._stream.name, text)
            self.close(UNREADABLE, "that notice is not in the protocol: send time or report")

    def hear(self) -> bool:
        """Something came from the viewer. Whether it may say that much (token bucket); closes the
        connection if not.
        """
        now = self._loop.time()
        self._allowance = (
            min(UPSTREAM_PER_SECOND, self._allowance + (now - self._heard_at) * UPSTREAM_PER_SECOND)
            - 1
        )
        self._heard_at = now
        if self._allowance >= 0:
            return True
        self._counters.refused += 1
        self.close(POLICY, f"more than {UPSTREAM_PER_SECOND} messages a second")
        return False

    def _continue_join(self) -> None:
        """Writes what is left of the join while the transport takes it. What a slow viewer has not
        taken in time it gets without the video.
        """
        joining = self._joining
        if self._join_timer:
            self._join_timer.cancel()
            self._join_timer = None
        while joining and self._transport.get_write_buffer_size() < JOIN_CHUNK:
            self._write(joining.popleft().frame)
        now_ms = self._loop.time() * 1_000
        if joining and now_ms - self._join_began >= JOIN_MS:
            self._write(self._outbox.sound_only(list(joining), now_ms))
            joining.clear()
            self._tell_pace()
        elif joining and self._attached:
            # Live messages bring it on as well; in a room that is away none come.
            self._join_timer = self._loop.call_later(JOIN_AGAIN, self._continue_join)

    def _break_silence(self) -> None:
        """Pings a viewer that says nothing, so that neither it nor a proxy between takes the
        connection for dead; and ends one that is.
        """
        silent = self._loop.time() - self._heard_at
        if silent >= 1.5 * SAYS_NOTHING:
            self._transport.abort()
            return
        if silent >= SAYS_NOTHING:
            self._write(control_frame(PING, b""))
        self._silence_timer = self._loop.call_later(
            SAYS_NOTHING / 2 if silent >= SAYS_NOTHING else SAYS_NOTHING - silent,
            self._break_silence,
        )

    def _write(self, data: bytes) -> None:
        if self._attached and not self._transport.is_closing():
            # Nothing may overtake what waits in the transport.
            self._stream.close_line(self)
            self._written += len(data)
            self._counters.octets += len(data)
            self._transport.write(data)

    def _still_reads(self, waiting: int, now: float) -> bool:
        taken = self._written - waiting
        self._drain.add(taken, waiting, now * 1_000)
        if taken > self._taken:
            self._taken, self._taken_at = taken, now
            return True
        if now - self._taken_at < READS_NOTHING and waiting < BACKLOG_MAX:
            return True
        self._counters.let_go += 1
        self._attached = False
        logger.debug(
            "a viewer of %s took nothing for %.0f s", self._stream.name, now - self._taken_at
        )
        self._closer = self._loop.create_task(self._let_go())
        return False

    async def _let_go(self) -> bool:
        # A close frame would wait behind what is never read: try it, then cut the connection.
        try:
            return await asyncio.wait_for(
                self._ws.close(code=READ_NOTHING, message=b"read nothing for 15 s"), 1.0
            )
        except TimeoutError:
            return False
        finally:
            self._transport.abort()

    def _tell_pace(self) -> None:
        if self._outbox.pace is not Pace.FULL:
            self._counters.slowed += 1
        self._write(
            text_frame(
                json.dumps(
                    {
                        "type": "pace",
                        "pace": self._outbox.pace.value,
                        "dropped": self._outbox.dropped,
                    }
                )
            )
        )
