"""The viewers on standby: they get no media but a keyframe now and then, and the events in bundles,
so that each of them costs the server little.
"""

from collections.abc import Callable

from relay.callbacks import ignore
from relay.channel.event_log import PostedEvent
from relay.channel.event_queue import Timer
from relay.channel.fanout import Fanout, Viewer
from relay.channel.message import Message, event_message, with_events

BUNDLE_EVERY = 2.0
"""Time between two bundles of events, seconds."""
KEYFRAME_EVERY = 2
"""Number of bundles from one keyframe to the next. No keyframe is demanded for this: without a new
one, nothing is sent.
"""
WAITING_MAX = 32 * 1024
"""Maximum total size of the waiting events, bytes. A larger bundle is sent at once."""


class Standbys:
    """The viewers of one channel that are on standby, and the events that wait for them. A timer
    runs while there are such viewers.
    """

    def __init__(
        self,
        keyframes: Callable[[], list[Message]],
        drop: Callable[[Viewer], None],
        call_later: Callable[[float, Callable[[], None]], Timer],
    ) -> None:
        """`keyframes` returns the newest keyframe of each slot. `drop` must remove a viewer, which
        has raised an exception.
        """
        self._keyframes = keyframes
        self._drop = drop
        self._call_later = call_later
        self.with_media = Fanout()
        self.without_media = Fanout()
        """Standbys that get their media elsewhere when they play, and so get no keyframes."""
        self._events: list[PostedEvent] = []
        self._bytes = 0
        self._edge = 0
        """Media time of the last message with events, µs."""
        self._bundles = 0
        self._sent: dict[int, int] = {}
        """Time of publication of the keyframe that was last sent, µs, by slot."""
        self._timer: Timer | None = None

    def __len__(self) -> int:
        return len(self.with_media) + len(self.without_media)

    @property
    def octets(self) -> int:
        """Number of bytes written to direct sockets."""
        return self.with_media.octets + self.without_media.octets

    def add(self, viewer: Viewer, media: bool) -> None:
        if self._timer is None:
            # The first standby gets the newest keyframes when it joins.
            self._sent = {message.slot: message.publish for message in self._keyframes()}
            self._bundles = 0
            self._timer = self._call_later(BUNDLE_EVERY, self._send_bundle)
        (self.with_media if media else self.without_media).add(viewer)

    def waiting(self) -> list[Message]:
        """Returns the waiting events, as at most one message."""
        return [event_message(self._events, self._edge)] if self._events else []

    def receive(self, message: Message) -> None:
        """Keeps the events of a message for the next bundle. Sends a message that every viewer must
        get at once.
        """
        if message.vital:
            self.flush()
            self._deliver(message, message)
        elif message.events:
            self._events += message.events
            self._bytes += message.event_bytes
            self._edge = message.media_time
            if self._bytes > WAITING_MAX:
                self.flush()

    def flush(self) -> None:
        """Sends the waiting events now."""
        for message in self._take():
            self._deliver(message, message)

    def close(self) -> None:
        """Cancels the timer and drops the references to the channel. Do not add viewers
        afterwards.
        """
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._keyframes = _no_keyframes
        self._drop = ignore

    def _send_bundle(self) -> None:
        self._timer = None
        if not len(self):
            self._take()
            return
        self._timer = self._call_later(BUNDLE_EVERY, self._send_bundle)
        self._bundles += 1
        keyframes = self._new_keyframes() if self._bundles % KEYFRAME_EVERY == 0 else []
        events = self._events
        bundle = self._take()
        if not keyframes:
            for message in bundle:
                self._deliver(message, message)
            return
        for message in keyframes[:-1]:
            self._deliver(message, None)
        last = with_events(keyframes[-1], events) if events else keyframes[-1]
        self._deliver(last, bundle[0] if bundle else None)

    def _new_keyframes(self) -> list[Message]:
        """Returns those keyframes that are newer than the ones that were sent last."""
        found = []
        for message in self._keyframes():
            if self._sent.get(message.slot) != message.publish:
                self._sent[message.slot] = message.publish
                found.append(message)
        return found

    def _take(self) -> list[Message]:
        """Removes the waiting events, and returns them as at most one message."""
        messages = self.waiting()
        self._events = []
        self._bytes = 0
        return messages

    def _deliver(self, message: Message, without_media: Message | None) -> None:
        failed = self.with_media.deliver(message)
        if without_media is not None:
            failed += self.without_media.deliver(without_media)
        for viewer in failed:
            self._drop(viewer)


def _no_keyframes() -> list[Message]:
    return []
