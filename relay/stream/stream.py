"""A stream: what one publisher publishes. It knows no viewers."""

import logging
import secrets
from typing import Protocol

from relay.sample import Demand, Sample, Track, TrackInfo
from relay.stream.bitrate import BitRate
from relay.stream.live_edge import Edge
from relay.stream.window import Window

logger = logging.getLogger(__name__)

STALE = 1_000_000
"""µs: an IDR older than this is no good start for a new viewer."""


class SampleReader(Protocol):
    """Makes boxes, packets or messages from the samples of a stream. Called synchronously; must
    neither block nor raise.
    """

    def receive_track(self, info: TrackInfo) -> None: ...

    def receive_sample(self, sample: Sample) -> None: ...

    def end(self) -> None:
        """The stream has ended; nothing follows."""


class Publisher(Protocol):
    """Publishes into one stream. Called synchronously."""

    def receive_demand(self, demand: Demand) -> None:
        """What the viewers need."""


class Stream:
    """Takes tracks and samples; each goes to every reader in the same call, which never waits."""

    def __init__(self, name: str, window: Window) -> None:
        self.name = name
        self.id = secrets.token_hex(8)
        """Changes when media time starts anew: a player then starts afresh."""
        self.window = window
        self.tracks: dict[Track, TrackInfo] = {}
        self.published = 0
        """When the newest sample or track was published, µs since the Unix epoch."""
        self._publisher: Publisher | None = None
        self._readers: tuple[SampleReader, ...] = ()
        self._video_since: int | None = None
        """Media time of the first IDR with the present video parameters, µs."""
        self._idr: Sample | None = None
        self._rate = BitRate()
        self._edge = Edge()

    @property
    def bitrate(self) -> float:
        """Video and audio, bit/s, over the last seconds; 0 in the first one."""
        return self._rate.value

    @property
    def edge(self) -> int:
        """The newest media time published, µs."""
        return self._edge.media_time

    def behind(self, media_time: int) -> int:
        """µs of media between `media_time` and the live edge."""
        return self._edge.behind(media_time)

    def still(self) -> tuple[TrackInfo, Sample] | None:
        """The latest IDR and how to decode it; None before the first."""
        return (self.tracks[Track.VIDEO], self._idr) if self._idr else None

    def history(self, seconds: float) -> list[Sample]:
        """About the last seconds, from an IDR on, as far back as the present video parameters
        hold.
        """
        if self._video_since is None:
            return []
        return self.window.since(max(self.edge - round(seconds * 1_000_000), self._video_since))

    # Publishing

    def attach(self, publisher: Publisher) -> None:
        """From now on this publisher gets the demands; it replaces the one before."""
        self._publisher = publisher

    def detach(self, publisher: Publisher) -> None:
        """The publisher has stopped; nothing where another has replaced it."""
        if self._publisher is publisher:
            self._publisher = None

    def set_track(self, info: TrackInfo, publish: int) -> None:
        """A track's decoding parameters, before its first sample and whenever they change.
        `publish`: µs since the Unix epoch.
        """
        if self.tracks.get(info.track) == info:
            return
        self.tracks[info.track] = info
        self.published = publish
        if info.track is Track.VIDEO:
            self._video_since = self._idr = None
        for reader in self._readers:
            try:
                reader.receive_track(info)
            except Exception:  # one reader must not cost the others a frame
                self._log(reader)

    def publish(self, sample: Sample) -> None:
        """Takes the next sample in decoding order and sends it on. Never waits."""
        self.window.append(sample)
        self._edge.advance(sample.media_time)
        self._rate.add(len(sample.data), sample.publish)
        self.published = sample.publish
        if sample.key and sample.track is Track.VIDEO:
            self._idr = sample
            if self._video_since is None:
                self._video_since = sample.media_time
        for reader in self._readers:
            try:
                reader.receive_sample(sample)
            except Exception:  # one reader must not cost the others a frame
                self._log(reader)

    def end(self) -> None:
        """Ends the stream for every reader."""
        for reader in self._readers:
            try:
                reader.end()
            except Exception:  # one reader must not keep the others from their end
                self._log(reader)

    # Reading

    def add_reader(self, reader: SampleReader) -> None:
        """From now on it gets every sample; earlier ones are in `window`, parameters in
        `tracks`.
        """
        if reader not in self._readers:
            self._readers = (*self._readers, reader)

    def remove_reader(self, reader: SampleReader) -> None:
        self._readers = tuple(other for other in self._readers if other is not reader)

    def demand_keyframe(self) -> None:
        """Asks the publisher for an IDR; it limits the rate itself."""
        if self._publisher:
            self._publisher.receive_demand(Demand(keyframe=True))

    def demand_fresh_keyframe(self, now: int) -> None:
        """Asks for an IDR where there is none that a reader could start with, or an old one.
        `now`: µs since the Unix epoch.
        """
        if self.tracks and (self._idr is None or now - self._idr.publish > STALE):
            self.demand_keyframe()

    def _log(self, reader: SampleReader) -> None:
        logger.exception("a %s of stream %s failed", type(reader).__name__, self.name)
