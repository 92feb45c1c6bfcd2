"""All channels of a process, by name."""

from relay.channel.channel import Channel
from relay.channel.owner import ChannelOwner
from relay.channel.pulse import Pulse
from relay.stream.stream import Stream
from relay.stream.window import Window


class Hub:
    """Opens and ends the channel of each room. A new channel has one stream, in slot 0. `pulse`
    measures the lateness of the event loop for all channels.
    """

    def __init__(self, window_seconds: float = 90.0, window_bytes: int = 64 * 1024 * 1024) -> None:
        self.pulse = Pulse()
        self._window_seconds = window_seconds
        self._window_bytes = window_bytes
        self._channels: dict[str, Channel] = {}
        self._octets = 0

    def open(self, name: str, owner: ChannelOwner) -> Channel:
        """Opens a channel. Raises ValueError if a channel with this name exists."""
        if name in self._channels:
            raise ValueError(f"channel {name!r} already exists")
        stream = Stream(name, Window(self._window_seconds, self._window_bytes))
        channel = self._channels[name] = Channel(name, stream, owner, self.pulse)
        return channel

    def get(self, name: str) -> Channel | None:
        return self._channels.get(name)

    def end(self, name: str) -> None:
        """Removes a channel and ends it together with its streams. Does nothing if no channel has
        this name.
        """
        channel = self._channels.pop(name, None)
        if channel:
            channel.end()
            self._octets += channel.octets

    def move(self, name: str) -> None:
        """Removes a channel whose room another process runs from now on, and closes the connections
        of its viewers, who reconnect. Does nothing if no channel has this name.
        """
        channel = self._channels.pop(name, None)
        if channel:
            channel.move()
            self._octets += channel.octets

    def close(self) -> None:
        """Closes all channels and cancels their timers, without ending the rooms."""
        self.pulse.close()
        for channel in self._channels.values():
            channel.close()

    @property
    def octets(self) -> int:
        """Number of bytes that all channels wrote to direct sockets since the process began."""
        return self._octets + sum(channel.octets for channel in self._channels.values())

    @property
    def channels(self) -> list[Channel]:
        return list(self._channels.values())
