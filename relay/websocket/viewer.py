"""One viewer on a WebSocket: decides how much of each message the viewer gets, and handles the
viewer's notices.

Messages bypass aiohttp's writer, because each message is framed once for all viewers. While the
connection accepts everything, messages also bypass this object (relay/channel/fanout.py).
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable

from relay.channel.channel import Channel
from relay.channel.message import Message
from relay.channel.notice import Allowance, read_flag, read_notice, read_number
from relay.channel.outbox import JOIN_MS, Outbox, Pace
from relay.channel.wsframe import PING, PONG, close_frame, control_frame, text_frame
from relay.client_address import UNKNOWN, ClientAddress
from relay.errors import MessageError, Refusal, RefusalCode
from relay.sample import TrackInfo
from relay.websocket.counters import WebSocketCounters
from relay.websocket.state import OPEN, TRANSITIONS, Event, State
from relay.websocket.writer import SocketWriter

logger = logging.getLogger(__name__)

JOIN_CHUNK = 32_768
"""Maximum number of bytes of the burst in the transport's buffer at a time. Buffered bytes cannot
be withdrawn if the viewer turns out to be slow.
"""
JOIN_AGAIN = 0.03
"""Time until the server tries again to write the rest of the burst, seconds."""
READS_NOTHING = 15.0
"""Time without progress after which the server closes the connection, seconds: bytes wait for the
viewer, but the viewer takes none of them.
"""
SAYS_NOTHING = 20.0
"""Time of silence after which the server pings a viewer, seconds. If the viewer stays silent for
half of this time after the ping, the server cuts the connection.
"""
BACKLOG_MAX = 4 * 1024 * 1024
"""Maximum number of bytes that may wait for the viewer in addition to the burst."""
EVENTS_MAX = 64 * 1024
"""Maximum number of bytes of events that may wait for the viewer."""
STANDBY_STALE = 4_000_000
"""Age at which the last keyframe is too old for a viewer that begins on standby, µs. The keyframe
is the picture of the standby, and the burst after the standby begins at it.
"""
BURSTS_PER_SECOND, BURSTS = 0.5, 8
"""Maximum number of bursts after a standby: per second, and at once. A burst can be many times
larger than a second of the live. A person who swipes back and forth needs few.
"""
SLOW_RATE = 500_000.0
"""Bit rate assumed for a channel whose bit rate has not been measured yet, bit/s."""

CLOSE_CODES: dict[RefusalCode, int] = {
    RefusalCode.SERVER_CLOSING: 1001,
    RefusalCode.BAD_NOTICE: 1007,
    RefusalCode.MESSAGE_TOO_LARGE: 1009,
    RefusalCode.INTERNAL_ERROR: 1011,
    RefusalCode.BANNED: 4403,
    RefusalCode.PRIVATE_ROOM: 4403,
    RefusalCode.LINK_EXPIRED: 4403,
    RefusalCode.LINK_REVOKED: 4403,
    RefusalCode.NOT_READING: 4408,
    RefusalCode.TOO_SLOW: 4408,
    RefusalCode.ROOM_ENDED: 4410,
    RefusalCode.UNSUPPORTED_CODEC: 4415,
    RefusalCode.TOO_MANY_CONNECTIONS: 4429,
}


class WebSocketViewer:
    """A viewer of one channel. The channel calls `send` for each message. No method waits for the
    viewer. Call `leave` when the connection has ended.
    """

    def __init__(
        self,
        transport: asyncio.WriteTransport,
        channel: Channel,
        counters: WebSocketCounters,
        *,
        codecs: frozenset[str] = frozenset(),
        address: ClientAddress = UNKNOWN,
        buffered: set["WebSocketViewer"] | None = None,
        holds: Callable[[bool], bool] | None = None,
    ) -> None:
        """`codecs`: the codec families that the player can decode. An empty set means all codecs.
        `buffered`: a set to which this object adds itself whenever bytes may wait for the viewer in
        this process. `holds`: called with whether the viewer goes on standby, when this changes;
        returns whether the viewer may do so.
        """
        self.state = State.JOINING
        self.address = address
        self._writer = SocketWriter(transport, counters)
        self._channel = channel
        self._counters = counters
        self._codecs = codecs
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox(self._loop.time() * 1_000)
        self._joining: deque[tuple[Message, int]] = deque()
        """Waiting messages: the rest of the burst, then live messages. Each pair contains a
        message, and the number of its bytes that count toward `EVENTS_MAX`.
        """
        self._join_timer: asyncio.TimerHandle | None = None
        self._join_began = self._loop.time() * 1_000
        self._allowance = Allowance(self._loop.time())
        self._bursts = Allowance(self._loop.time(), BURSTS_PER_SECOND, BURSTS)
        self._silence_timer = self._loop.call_later(SAYS_NOTHING, self._break_silence)
        self._pinged_at = 0.0
        self._media = True
        self._held = False
        self._holds = holds
        self._buffered = set() if buffered is None else buffered
        self._buffered.add(self)

    @property
    def dropped(self) -> int:
        """Number of video frames omitted since the connection began."""
        return self._outbox.dropped

    @property
    def waiting(self) -> int:
        """Number of bytes in this process that wait for the viewer."""
        return 0 if self.state in (State.DIRECT, State.LEFT) else self._writer.buffered

    @property
    def lag(self) -> float | None:
        """The lag that the viewer last reported (how far it is behind the live edge), ms. The lag
        includes half a round trip. None before the first report, and for a viewer without media.
        """
        return self._outbox.lag if self._media and not self._held else None

    def keep_slow(self, keep: bool) -> None:
        """Sets what the viewer gets as soon as the viewer is slow. If `keep` is true, a slow viewer
        gets only keyframes and audio; a viewer that is not slow still gets everything. `keep` is
        true while the server is overloaded.
        """
        self._outbox.keeps_slow = keep

    # The state machine (relay/websocket/state.py)

    def _advance(self, event: Event) -> bool:
        """Changes the state according to TRANSITIONS. Returns whether the state changed."""
        before, after = self.state, TRANSITIONS.get((self.state, event))
        if after is None:
            return False
        self.state = after
        if before is State.DIRECT:
            self._channel.close_direct(self)
            self._buffered.add(self)
        match after:
            case State.CLOSING:
                self._end_join()
                self._channel.unsubscribe(self)
            case State.LEFT:
                self._end_join()
                self._channel.unsubscribe(self)
                self._silence_timer.cancel()
                self._buffered.discard(self)
            case _:
                pass
        return True

    # Joining

    def join(
        self, greeting: str, *, person: str | None = None, media: bool = True, held: bool = False
    ) -> None:
        """Writes the greeting, the burst and then live messages. The burst is written as fast as
        the viewer takes the bytes. If `media` is false, the viewer gets events only. If `held` is
        true, the viewer begins on standby.
        """
        self._media = media
        self._held = held
        self._write(text_frame(greeting))
        for _, stream in self._channel.slots:
            for info in stream.tracks.values():
                self.receive_track(info)
        if self.state not in OPEN:
            return
        try:
            first = self._channel.subscribe(self, person=person, media=media, held=held)
        except Refusal as refusal:
            self.close(refusal.code, str(refusal))
            return
        self._begin_join(first)

    def _begin_join(self, first: list[Message]) -> None:
        # The channel already limits the events in the burst, so their bytes are not counted here.
        self._joining.extend((message, 0) for message in first)
        self._join_began = self._loop.time() * 1_000
        self._continue_join()
        now = self._channel.now()
        if self._media and self._held:
            self._channel.demand_fresh_keyframes(now, STANDBY_STALE)
        elif self._media:
            self._counters.joined += 1
            self._channel.demand_fresh_keyframes(now)

    def _hold(self, held: bool) -> None:
        """Begins or ends the standby. After the standby, the viewer gets a burst as if it had just
        joined, but without video if it got many bursts lately.
        """
        if held is self._held or self.state not in OPEN:
            return
        if self._holds and not self._holds(held):
            self.close(RefusalCode.TOO_MANY_CONNECTIONS, "too many connections from this address")
            return
        self._held = held
        self._advance(Event.HELD_BACK)
        self._outbox.rejoin(self._loop.time() * 1_000)
        if held:
            waiting = [pair for pair in self._joining if pair[0].vital or pair[0].events]
            self._joining = deque(waiting)
            self._channel.hold(self)
        else:
            first = self._channel.release(self)
            self._advance(Event.RELEASED)
            if self._bursts.take(self._loop.time()):
                self._begin_join(first)
            else:
                self._joining.extend((message, 0) for message in first)
                self._go_on_without_video()

    def _continue_join(self) -> None:
        """Writes the rest of the burst while the transport accepts bytes. A viewer that is too slow
        gets the rest without video.
        """
        joining = self._joining
        if self._join_timer:
            self._join_timer.cancel()
            self._join_timer = None
        while joining and self._writer.buffered < JOIN_CHUNK:
            message, event_bytes = joining.popleft()
            self._write(message.frame, event_bytes)
        now_ms = self._loop.time() * 1_000
        if joining and now_ms - self._join_began >= JOIN_MS:
            self._go_on_without_video()
        elif joining:
            # A live message would also continue the join, but an idle room has no live messages.
            self._join_timer = self._loop.call_later(JOIN_AGAIN, self._continue_join)
        else:
            self._advance(Event.JOINED)

    def _go_on_without_video(self) -> None:
        """Ends the join. Writes what waits without video, which goes on at a keyframe."""
        rest = [message for message, _ in self._joining]
        event_bytes = sum(event_bytes for _, event_bytes in self._joining)
        self._joining.clear()
        self._write(self._outbox.drop_video(rest, self._loop.time() * 1_000), event_bytes)
        self._advance(Event.JOINED)
        self._send_pace()

    def _end_join(self) -> None:
        self._joining.clear()
        if self._join_timer:
            self._join_timer.cancel()
            self._join_timer = None

    # Messages

    def send(self, message: Message) -> None:
        match self.state:
            case State.JOINING:
                self._joining.append((message, message.event_bytes))
                self._continue_join()
            case State.BUFFERED | State.DIRECT:
                if self._writer.buffered or not self._outbox.unrestricted:
                    self._send_some(message)
                else:
                    self._send_all(message)
            case State.CLOSING | State.LEFT:
                pass

    def _send_all(self, message: Message) -> None:
        """Sends a whole message. Call this method only if no earlier bytes wait to be sent. If all
        bytes are accepted, the fan-out sends the next messages directly.
        """
        self._writer.idle()
        direct = self._writer.open_direct(self._overflow)
        if direct is None:
            self._write(message.frame, message.event_bytes)
            return
        sent = self._writer.write_direct(message.frame)
        if sent < len(message.frame):
            self._overflow(message, sent)
        elif self._advance(Event.CAUGHT_UP):
            self._channel.open_direct(self, direct)
            self._buffered.discard(self)

    def _send_some(self, message: Message) -> None:
        """Sends the part of a message that the outbox chooses."""
        outbox, writer = self._outbox, self._writer
        waiting, idle = writer.measure()
        if waiting and idle >= READS_NOTHING:
            self._let_go(RefusalCode.NOT_READING, f"read nothing for {idle:.0f} s")
            return
        if waiting >= BACKLOG_MAX:
            self._let_go(RefusalCode.NOT_READING, f"{waiting >> 20} MB wait")
            return
        if writer.event_bytes + message.event_bytes > EVENTS_MAX:
            self._let_go(RefusalCode.TOO_SLOW, "too slow for the room's events")
            return
        pace, wanted = outbox.pace, outbox.wants_keyframe
        rate = writer.rate or self._channel.bitrate or SLOW_RATE
        data = outbox.choose(message, waiting, rate, self._loop.time() * 1_000)
        self._write(data, message.event_bytes)
        if outbox.pace is not pace:
            self._send_pace()
        if outbox.wants_keyframe and not wanted:
            self._channel.demand_keyframes()

    def _overflow(self, message: Message, sent: int) -> None:
        """Handles the rest of a message after the socket accepted only `sent` bytes."""
        self._advance(Event.HELD_BACK)
        if self.state in OPEN:
            self._writer.write_rest(message, sent)

    def _write(self, data: bytes, event_bytes: int = 0) -> None:
        if data and self.state in OPEN and not self._writer.closing:
            # End direct writes first, so that later messages do not overtake these bytes.
            self._advance(Event.HELD_BACK)
            self._writer.write(data, event_bytes)

    def _send_pace(self) -> None:
        pace = self._outbox.pace
        if pace is not Pace.FULL:
            self._counters.slowed += 1
        notice = {"type": "pace", "pace": pace.value, "dropped": self._outbox.dropped}
        self._write(text_frame(json.dumps(notice)))

    # Tracks

    def receive_track(self, info: TrackInfo) -> None:
        """Closes the connection if the player cannot decode the track."""
        if self._codecs and info.codec.split(".")[0].lower() not in self._codecs:
            self.close(RefusalCode.UNSUPPORTED_CODEC, f"this player cannot decode {info.codec}")

    # Notices of the viewer

    def receive_text(self, text: str) -> None:
        """Handles a notice. Closes the connection if the notice does not follow PROTOCOL.md."""
        try:
            kind, notice = read_notice(text)
            if kind == "time":
                answer = {
                    "type": "time",
                    "id": read_number(notice, "id"),
                    "now": self._channel.now(),
                }
                self._write(text_frame(json.dumps(answer)))
            elif kind == "hold":
                self._hold(read_flag(notice, "on"))
            elif self._held:
                pass  # a viewer on standby watches nothing, so it takes no part in the room
            elif kind == "report":
                media_time = read_number(notice, "media_time")
                self._outbox.report(self._channel.behind(media_time) / 1_000)
                self._channel.receive_report(self, notice, media_time)
            else:
                self._channel.receive_notice(self, notice)
        except MessageError as error:
            logger.debug("a viewer of %s: %s: %.100r", self._channel.name, error, text)
            self._refuse(
                RefusalCode.BAD_NOTICE, "that notice is not in the protocol: send time or report"
            )

    def receive_ping(self, payload: bytes) -> None:
        self._write(control_frame(PONG, payload))

    def hear(self) -> bool:
        """Counts a message from the viewer. Returns whether to handle the message. If the viewer
        sends too many messages, the server drops messages. It keeps the connection open, because
        the connection carries the media.
        """
        if self._allowance.take(self._loop.time()):
            return self.state in OPEN
        self._counters.dropped_notices += 1
        return False

    def _break_silence(self) -> None:
        """Pings a silent viewer, so that neither the viewer nor a proxy considers the connection
        dead. Cuts the connection if the last ping was not answered.
        """
        now, heard_at = self._loop.time(), self._allowance.used_at
        if now - heard_at < SAYS_NOTHING:
            wait = heard_at + SAYS_NOTHING - now
        elif self._pinged_at <= heard_at:
            self._pinged_at = now
            self._write(control_frame(PING, b""))
            wait = SAYS_NOTHING / 2
        else:
            self._writer.cut()
            return
        self._silence_timer = self._loop.call_later(wait, self._break_silence)

    # The end

    def close(self, code: RefusalCode, text: str) -> None:
        """Closes the connection. If the viewer does not answer the close frame in time, cuts the
        connection.
        """
        if self._advance(Event.CLOSED):
            self._writer.close(CLOSE_CODES[code], f"{code.value}: {text}")

    def abandon(self) -> None:
        """Stops writing to the viewer, because aiohttp writes the close frame."""
        if self._advance(Event.CLOSED):
            self._writer.stop()

    def leave(self) -> None:
        """Ends the connection after the viewer has left. Answers the viewer's close frame."""
        before = self.state
        if self._advance(Event.WENT):
            self._counters.dropped += self._outbox.dropped
            if before in OPEN:
                self._writer.write(close_frame(1000, ""))
            self._writer.finish()

    def _refuse(self, code: RefusalCode, text: str) -> None:
        if self.state in OPEN:
            self._counters.refused += 1
            self.close(code, text)

    def _let_go(self, code: RefusalCode, text: str) -> None:
        logger.debug("a viewer of %s: %s", self._channel.name, text)
        self._counters.let_go += 1
        self.close(code, text)
