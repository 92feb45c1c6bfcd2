"""The parts that receive and keep the media of creators."""

import os
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass

from relay.channel.hub import Hub
from relay.meter import Meter, MeterPolicy
from relay.rtc.udp import UdpPort
from relay.worker.workers import Workers
from server.ingest.sessions import IngestSessions
from server.ingest.transcoders import Transcoders
from server.settings import Settings


@dataclass(frozen=True, slots=True)
class Media:
    """The parts that receive and keep the media of creators."""

    meter: Meter
    udp: UdpPort
    hub: Hub
    workers: Workers
    ingest: IngestSessions


def open_media(settings: Settings, prefix: str, stack: AsyncExitStack) -> Media:
    """Creates the parts for media. The UDP port is not open yet. `prefix`: the beginning of the ids
    of sessions.
    """
    meter = Meter(MeterPolicy(settings.max_loop_share), time.thread_time_ns)
    port = UdpPort(meter)
    stack.push_async_callback(port.close)
    hub = Hub(settings.window_seconds, settings.window_bytes)
    hub.pulse.start()
    stack.callback(hub.close)
    workers = Workers(
        audio="relay.hls.aac_worker",
        video="server.ingest.transcoder_worker",
        clips="server.clips.sound_worker",
        pictures="server.clips.picture_worker",
    )
    stack.push_async_callback(workers.close)
    transcoders = Transcoders(
        workers,
        _transcoders(settings),
        settings.max_transcoders_per_address,
        settings.video_bitrate,
    )
    ingest = IngestSessions(port, transcoders, settings.remb, settings.max_bitrate, prefix)
    return Media(meter, port, hub, workers, ingest)


def _transcoders(settings: Settings) -> int:
    """Returns the maximum number of rooms that are transcoded, by default one per core. A
    transcoder needs about a quarter of a core (720p, 30 fps), so most of the machine remains free.
    """
    return (os.cpu_count() or 1) if settings.transcoders is None else settings.transcoders
