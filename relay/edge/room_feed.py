"""The feed of one room at its origin: numbers what the channel sends, and publishes it while an
edge wants it.
"""

import asyncio
from collections import deque

from relay.channel.channel import Channel, ChannelState
from relay.channel.event_log import PostedEvent
from relay.channel.event_queue import EVENTS_WITHIN, PENDING_MAX
from relay.channel.message import Message
from relay.edge.bus import Bus
from relay.edge.counters import OriginCounters
from relay.edge.feed import (
    DISPOSABLE,
    ENDED,
    EVENTS,
    HEADER_SIZE,
    KEY,
    MOVED,
    VIDEO,
    Header,
    Kind,
    pack,
    split,
)
from relay.edge.join import SNAPSHOT_MAX, JoinRequest, Snapshot
from relay.edge.leases import Counts
from relay.edge.payload import pack_close, pack_events, payload_of
from relay.errors import RefusalCode

ALIVE_US = 1_000_000
"""Time without a message after which the feed sends one that says that it lives, µs."""
DEMAND_US = 300_000
"""Minimum time between two demands for a keyframe of all edges together, µs."""
RECENT_EVENTS, RECENT_BYTES = 200, 64 * 1024
"""Maximum number and size of the events that are kept for edges that lost some."""


class RoomFeed:
    """The feed of one room. Implements Follower and Output of the channel. `now` is the origin's
    clock, µs since the Unix epoch.
    """

    def __init__(
        self,
        media: Bus,
        subject: str,
        epoch: int,
        channel: Channel,
        counters: OriginCounters,
        now: int,
    ) -> None:
        self.channel = channel
        self.epoch = epoch
        self.on = False
        """Whether the feed is published."""
        self.counts = Counts()
        self._media = media
        self._subject = subject
        self._counters = counters
        # The clock as the first number: a feed that is opened again goes on above its last number.
        self._sequence = now
        self._alive = (now, now)
        """The number of the last message, and when it was new, µs."""
        self._demanded_at = 0
        self._events: list[PostedEvent] = []
        self._event_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._recent: deque[PostedEvent] = deque()
        self._recent_bytes = 0

    # Output of the channel

    @property
    def viewers(self) -> int:
        return self.counts.viewers

    @property
    def ranked_viewers(self) -> int:
        return self.counts.ranked

    def count(self, counts: Counts) -> None:
        """Takes the viewers at all edges together."""
        if counts != self.counts:
            self.counts = counts
            self.channel.viewers_changed()

    # Life

    def start(self) -> None:
        """Publishes the feed from now on. Does nothing if it is published already."""
        if not self.on:
            self.on = True
            self.channel.add_output(self)
            self.channel.follow(self)

    def stop(self) -> None:
        """Publishes nothing from now on."""
        if self.on:
            self.on = False
            self.counts = Counts()
            self.channel.unfollow()
            self.channel.remove_output(self)
            self._take_events()
            self._recent.clear()
            self._recent_bytes = 0

    def close(self) -> None:
        """Ends the feed for all edges."""
        if self.on:
            self._send_events()
            ended = self.channel.state is ChannelState.ENDED
            self._send(Kind.END, ENDED if ended else MOVED)
        self.stop()

    def keep_alive(self, now: int) -> None:
        """Sends a message if none was sent lately. Call this a few times a second."""
        sequence, since = self._alive
        if not self.on or sequence != self._sequence:
            self._alive = (self._sequence, now)
        elif not 0 <= now - since < ALIVE_US:
            self._send(Kind.ALIVE, b"")
            self._alive = (self._sequence, now)

    def demand(self, now: int) -> None:
        """Demands a keyframe in each slot, unless one was demanded just before."""
        if not 0 <= now - self._demanded_at < DEMAND_US:
            self._demanded_at = now
            self.channel.demand_keyframes()

    # Joining

    def snapshot(self, request: JoinRequest, now: int) -> Snapshot:
        """Returns what a joining edge needs, in one step: the feed goes on right after it. A burst
        that is too large is left out.
        """
        channel = self.channel
        self._send_events()
        same = request.channel == channel.id
        events = pack_events(self._events_after(request.event if same else 0))
        messages = [pack(self._header(Kind.EVENTS), events)] if events else []
        for reader in channel.readers:
            for init in reader.inits.values():
                messages.append(pack(self._header(Kind.INIT, init.slot), payload_of(init.frame)))
        left = min(SNAPSHOT_MAX, self._media.max_payload - 1_024) - sum(map(len, messages))
        for reader in channel.readers:
            burst = [self._pack(message) for message in reader.burst.messages]
            size = sum(map(len, burst)) + 4 * len(burst)
            if size <= left:
                messages += burst
                left -= size
            else:
                self.demand(now)
        channel.demand_fresh_keyframes(now)
        return Snapshot(
            self.epoch,
            self._sequence,
            channel.stream.id,
            channel.id,
            channel.newest_event,
            now,
            messages,
        )

    def _events_after(self, number: int) -> list[PostedEvent]:
        found = {event.sequence: event for event in self.channel.events_since(number)}
        if number:
            found |= {event.sequence: event for event in self._recent if event.sequence > number}
        return [found[sequence] for sequence in sorted(found)]

    # What the channel sends (implements Follower)

    def receive_init(self, message: Message) -> None:
        self._send_events()
        self._send(Kind.INIT, bytes(payload_of(message.frame)), slot=message.slot)

    def receive_message(self, message: Message) -> None:
        events = self._take_events()
        if not events and HEADER_SIZE + len(message.frame) <= self._media.max_payload:
            self._sequence += 1
            self._publish(self._pack(message))
            return
        header, payload = self._media_header(message), bytes(payload_of(message.frame))
        if events:
            header = header._replace(flags=header.flags | EVENTS)
            payload += pack_events(events)
        self._send_large(header, payload)

    def receive_event(self, event: PostedEvent) -> None:
        self._events.append(event)
        self._event_bytes += len(event.record)
        self._recent.append(event)
        self._recent_bytes += len(event.record)
        while len(self._recent) > RECENT_EVENTS or self._recent_bytes > RECENT_BYTES:
            self._recent_bytes -= len(self._recent.popleft().record)
        if self._event_bytes > PENDING_MAX:
            self._send_events()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(EVENTS_WITHIN, self._send_events)

    def forget(self, key: str) -> None:
        self._send_events()
        self._send(Kind.FORGET, key.encode())

    def forget_media(self) -> None:
        self._send(Kind.CLEAR, b"")

    def close_person(self, person: str, code: RefusalCode, text: str) -> None:
        self._send_events()
        self._send(Kind.CLOSE, pack_close(person, code, text))

    def remove_stream(self, slot: int) -> None:
        self._send(Kind.REMOVE, b"", slot=slot)

    # Sending

    def _pack(self, message: Message) -> bytes:
        return pack(self._media_header(message), payload_of(message.frame))

    def _media_header(self, message: Message) -> Header:
        flags = VIDEO if message.video else 0
        if message.key:
            flags |= KEY
        if message.disposable:
            flags |= DISPOSABLE
        audio = 0
        if message.no_video:
            audio = len(payload_of(message.frame)) - len(payload_of(message.no_video))
        return Header(flags, Kind.MEDIA, message.slot, audio, self.epoch, self._sequence)

    def _header(self, kind: Kind, slot: int = 0) -> Header:
        return Header(0, kind, slot, 0, self.epoch, self._sequence)

    def _take_events(self) -> list[PostedEvent]:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        events, self._events = self._events, []
        self._event_bytes = 0
        return events

    def _send_events(self) -> None:
        if events := self._take_events():
            self._send(Kind.EVENTS, pack_events(events))

    def _send(self, kind: Kind, payload: bytes, slot: int = 0) -> None:
        self._send_large(self._header(kind, slot), payload)

    def _send_large(self, header: Header, payload: bytes) -> None:
        """Sends a message with the next number, in parts if it is larger than NATS accepts."""
        header = header._replace(sequence=self._sequence + 1)
        for message in split(header, payload, self._media.max_payload):
            self._sequence += 1
            self._publish(message)

    def _publish(self, message: bytes) -> None:
        if self._media.publish(self._subject, message):
            self._counters.messages += 1
            self._counters.octets += len(message)
        else:
            self._counters.dropped += 1
