"""The first notice that a joining viewer gets (PROTOCOL.md)."""

from typing import Any

from relay.channel.channel import Channel
from relay.sample import TrackInfo

VERSION = 1


def hello(channel: Channel) -> dict[str, Any]:
    """Builds the first notice for a joining viewer, with the server's clock and the
    current tracks.
    """
    return {
        "type": "hello",
        "version": VERSION,
        "stream": channel.stream.id,
        "channel": channel.id,
        "now": channel.now(),
        "tracks": [
            _describe(slot, info)
            for slot, stream in channel.slots
            for info in stream.tracks.values()
        ],
    }


def _describe(slot: int, info: TrackInfo) -> dict[str, Any]:
    described: dict[str, Any] = {
        "slot": slot,
        "track": info.track.name.lower(),
        "codec": info.codec,
    }
    if info.width:
        described |= {"width": info.width, "height": info.height}
    return described
