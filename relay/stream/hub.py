"""All streams of a process, by name."""

from relay.channel.pulse import Pulse
from relay.stream.stream import Stream
from relay.stream.window import Window


class Hub:
    """Name → stream. One publisher per stream; a room may have several. `pulse` tells all of them
    how the event loop is doing.
    """

    def __init__(self, window_seconds: float = 90.0, window_bytes: int = 64 * 1024 * 1024) -> None:
        self.pulse = Pulse()
        self._window_seconds = window_seconds
        self._window_bytes = window_bytes
        self._streams: dict[str, Stream] = {}
        self._octets = 0

    def open(self, name: str) -> Stream:
        """The stream of that name, made if it does not exist."""
        stream = self._streams.get(name)
        if stream is None:
            stream = self._streams[name] = Stream(
                name, Window(self._window_seconds, self._window_bytes), pulse=self.pulse
            )
        return stream

    def get(self, name: str) -> Stream | None:
        return self._streams.get(name)

    def end(self, name: str) -> None:
        """Ends a stream for its viewers and forgets it, window and all."""
        stream = self._streams.pop(name, None)
        if stream:
            stream.end()
            self._octets += stream.octets

    @property
    def octets(self) -> int:
        """Bytes that streams wrote past their viewers to their connections, since the process
        began.
        """
        return self._octets + sum(stream.octets for stream in self._streams.values())

    @property
    def streams(self) -> list[Stream]:
        return list(self._streams.values())
