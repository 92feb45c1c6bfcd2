"""Starts the parts that measure the server, and the part that stops or reduces work under load."""

from contextlib import AsyncExitStack

from prometheus_client import CollectorRegistry

from server.composition.parts import Parts
from server.host.load import LoadSampler
from server.http.feed_metrics import FeedCollector
from server.http.media_metrics import MediaSources
from server.http.metrics import Metrics
from server.http.server_metrics import Sources
from server.http.social_metrics import SocialSources
from server.shedding import Shedding


def create_metrics(parts: Parts, registry: CollectorRegistry) -> Metrics:
    """Returns the endpoint `/metrics`. `registry` already contains the playback metrics."""
    rooms, media, outputs, limits = parts.rooms, parts.media, parts.outputs, parts.limits
    sources = Sources(
        rooms.in_memory,
        media.hub,
        media.udp,
        outputs.watch,
        outputs.hls.renditions,
        outputs.whep,
        media.ingest,
        limits.memory,
        media.workers,
        media.meter,
        limits.admission,
        limits.stages,
        limits.connections,
        parts.storage.database,
        parts.cluster.copies.edges if parts.cluster else None,
    )
    social = SocialSources(
        rooms.social,
        parts.visitors.identity.counters,
        rooms.in_memory,
        outputs.watch,
        outputs.events,
    )
    stored = parts.stored
    kept = MediaSources(stored.recordings, stored.clips, stored.objects)
    copies = parts.cluster and parts.cluster.copies
    feeds = FeedCollector(copies.origin, copies.edges) if copies else None
    siblings = parts.siblings
    return Metrics(sources, social, kept, parts.pushes, feeds, registry, siblings, parts.settings)


def start_sampler(parts: Parts, stack: AsyncExitStack) -> LoadSampler:
    """Starts the measurement of the load."""
    media = parts.media
    sampler = LoadSampler(
        media.udp,
        media.hub.pulse,
        media.meter,
        parts.limits.admission,
        media.ingest.keyframes,
        lambda: parts.outputs.audience(media.ingest),
    )
    sampler.start()
    stack.callback(sampler.close)
    return sampler


def start_shedding(parts: Parts, stack: AsyncExitStack) -> Shedding:
    """Starts the shedding of load if the settings limit the load."""
    outputs, admission = parts.outputs, parts.limits.admission
    shedding = Shedding(
        parts.limits.stages,
        parts.rooms.in_memory,
        outputs.hls.renditions,
        outputs.watch.viewers,
        lambda: admission.headroom,
    )
    if not admission.limits.never:
        shedding.start()
        stack.callback(shedding.close)
    return shedding
