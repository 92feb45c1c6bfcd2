"""A microlive server that posts events in each channel: `python -m scripts.benchmarks.event_server
RATE serve …`.

Posts `RATE` events a second, each of EVENT_BYTES bytes, even if a channel has no viewers. A `RATE`
of 0 posts no events.
"""

import asyncio
import json
import sys
from unittest.mock import patch

from relay.channel.channel import Channel
from relay.channel.hub import Hub
from relay.channel.owner import ChannelOwner
from server import __main__
from server.composition import media

EVENT_BYTES = 150


class PostingHub(Hub):
    """A hub that posts events in every channel that it opens."""

    rate = 0
    """Number of events posted per second in each channel."""

    def open(self, name: str, owner: ChannelOwner) -> Channel:
        channel = super().open(name, owner)
        if self.rate:
            loop = asyncio.get_running_loop()
            self._post(channel, loop, loop.time(), 0)
        return channel

    def _post(
        self, channel: Channel, loop: asyncio.AbstractEventLoop, began: float, number: int
    ) -> None:
        if self.get(channel.name) is not channel:
            return  # the channel has ended
        event = {"type": "chat", "n": number, "text": ""}
        event["text"] = "x" * (EVENT_BYTES - len(json.dumps(event)))
        channel.post(json.dumps(event).encode())
        loop.call_at(began + (number + 1) / self.rate, self._post, channel, loop, began, number + 1)


def main() -> None:
    PostingHub.rate = int(sys.argv.pop(1))
    with patch.object(media, "Hub", PostingHub):
        __main__.main()


if __name__ == "__main__":
    main()
