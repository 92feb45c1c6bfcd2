"""A stream: the media of one publisher. A stream does not know viewers."""

import logging
import secrets
from collections import deque
from collections.abc import Callable
from typing import Protocol

from relay.callbacks import ignore
from relay.sample import VIDEO, Demand, Sample, Track, TrackInfo
from relay.stream.bitrate import BitRate
from relay.stream.live_edge import Edge
from relay.stream.window import Window

logger = logging.getLogger(__name__)

MAX_TRACKS = 32
"""Maximum number of video parameters that the stream remembers."""
STALE = 1_000_000
"""Maximum age of an IDR that is a good starting point for a new viewer, µs. If the latest IDR is
older, a new IDR is demanded.
"""


class SampleReader(Protocol):
    """Reads the samples of a stream and makes boxes, packets or messages from them. Its methods are
    called synchronously, and must neither block nor raise.
    """

    def receive_track(self, info: TrackInfo) -> None: ...

    def receive_sample(self, sample: Sample) -> None: ...

    def end(self) -> None:
        """Takes note that the stream has ended. This is the last call."""


class Publisher(Protocol):
    """The publisher of one stream. Its methods are called synchronously."""

    def receive_demand(self, demand: Demand) -> None:
        """Takes a demand of the viewers."""


class Stream:
    """Passes tracks and samples to every reader, synchronously and without waiting."""

    __slots__ = (
        "_edge",
        "_idr",
        "_idr_publish",
        "_publisher",
        "_rate",
        "_readers",
        "_video_since",
        "_video_tracks",
        "id",
        "name",
        "on_read",
        "published",
        "tracks",
        "window",
    )

    def __init__(self, name: str, window: Window) -> None:
        self.name = name
        self.id = secrets.token_hex(8)
        """Id of the stream. The id changes when media time restarts. Players then restart too."""
        self.window = window
        self.tracks: dict[Track, TrackInfo] = {}
        self.published = 0
        """When the newest sample or track was published: µs since the Unix epoch."""
        self._publisher: Publisher | None = None
        self._readers: tuple[SampleReader, ...] = ()
        self._video_since: int | None = None
        """Media time of the first IDR with the current video parameters, µs; None before
        that IDR.
        """
        self._video_tracks: deque[tuple[int, TrackInfo]] = deque(maxlen=MAX_TRACKS)
        self._idr: Sample | None = None
        self._idr_publish: int | None = None
        """When the latest IDR was published; None before the first IDR with the current video
        parameters.
        """
        self.on_read: Callable[[], None] = ignore
        """Called when the stream gets a reader and had none. A copy of a stream (relay/edge) makes
        samples only while the stream has readers.
        """
        self._rate = BitRate()
        self._edge = Edge()

    @property
    def bitrate(self) -> float:
        """Bit rate of video and audio together over the last seconds, bit/s; 0 during the first
        second.
        """
        return self._rate.value

    @property
    def edge(self) -> int:
        """The newest media time published, µs."""
        return self._edge.media_time

    def behind(self, media_time: int) -> int:
        """Returns the amount of media between `media_time` and the live edge, µs."""
        return self._edge.behind(media_time)

    def still(self) -> tuple[TrackInfo, Sample] | None:
        """Returns the latest IDR and its decoding parameters; None before the first IDR."""
        return (self.tracks[Track.VIDEO], self._idr) if self._idr else None

    @property
    def video_tracks(self) -> list[tuple[int, TrackInfo]]:
        """The last decoding parameters of the video, the newest last, each with the media time of
        their first IDR (µs).
        """
        return list(self._video_tracks)

    def history(self, seconds: float) -> list[Sample]:
        """Returns the samples of about the last `seconds`, starting at an IDR. All these samples
        have the current video parameters.
        """
        if self._video_since is None:
            return []
        return self.window.since(max(self.edge - round(seconds * 1_000_000), self._video_since))

    # Publishing

    def attach(self, publisher: Publisher) -> None:
        """Sends demands to this publisher from now on. This publisher replaces the previous one."""
        self._publisher = publisher

    def detach(self, publisher: Publisher) -> None:
        """Stops sending demands to this publisher. Does nothing if this publisher has already been
        replaced.
        """
        if self._publisher is publisher:
            self._publisher = None

    def set_track(self, info: TrackInfo, publish: int) -> None:
        """Sets the decoding parameters of a track. Call this before the first sample of the track
        and whenever the parameters change. `publish`: µs since the Unix epoch.
        """
        if self.tracks.get(info.track) == info:
            return
        self.tracks[info.track] = info
        self.published = publish
        if info.track is Track.VIDEO:
            self._video_since = self._idr = self._idr_publish = None
        for reader in self._readers:
            try:
                reader.receive_track(info)
            except Exception:  # an error of one reader must not affect the others
                self._log(reader)

    def skip_to(self, media_time: int) -> None:
        """Takes note that the stream was published elsewhere up to `media_time` (µs)."""
        self._edge.advance(media_time)

    def publish(self, sample: Sample) -> None:
        """Takes the next sample in decoding order and passes it to every reader. Never waits."""
        self.window.append(sample)
        self._edge.advance(sample.media_time)
        self._rate.add(len(sample.data), sample.publish)
        self.published = sample.publish
        if sample.track is VIDEO and sample.key:
            self._idr = sample
            self._idr_publish = sample.publish
            if self._video_since is None:
                self._video_since = sample.media_time
                if (info := self.tracks.get(Track.VIDEO)) is not None:
                    self._video_tracks.append((sample.media_time, info))
        for reader in self._readers:
            try:
                reader.receive_sample(sample)
            except Exception:  # an error of one reader must not affect the others
                self._log(reader)

    def pass_by(self, media_time: int, size: int, publish: int, key: bool) -> None:
        """Counts media that is not passed on as samples, because the stream has no readers.
        `media_time`: the newest media time of it, µs; `size`: bytes; `key`: whether it has an IDR.
        """
        self._edge.advance(media_time)
        self._rate.add(size, publish)
        self.published = publish
        if key:
            self._idr_publish = publish

    def end(self) -> None:
        """Ends the stream for every reader."""
        for reader in self._readers:
            try:
                reader.end()
            except Exception:  # the other readers must still be ended
                self._log(reader)

    # Reading

    def add_reader(self, reader: SampleReader) -> None:
        """Passes every sample to the reader from now on. Earlier samples are in `window`, and the
        decoding parameters in `tracks`.
        """
        if reader not in self._readers:
            first = not self._readers
            self._readers = (*self._readers, reader)
            if first:
                self.on_read()

    def remove_reader(self, reader: SampleReader) -> None:
        self._readers = tuple(other for other in self._readers if other is not reader)

    @property
    def read(self) -> bool:
        """Whether the stream has readers."""
        return bool(self._readers)

    def demand_keyframe(self) -> None:
        """Demands an IDR from the publisher. The publisher limits the rate of IDRs itself."""
        if self._publisher:
            self._publisher.receive_demand(Demand(keyframe=True))

    def demand_fresh_keyframe(self, now: int, age: int = STALE) -> None:
        """Demands an IDR if no IDR has been published yet, or if the latest IDR is older than `age`
        (µs): by default, if it is too old to be a good start for a new reader. `now`: µs since the
        Unix epoch.
        """
        if self.tracks and (self._idr_publish is None or now - self._idr_publish > age):
            self.demand_keyframe()

    def _log(self, reader: SampleReader) -> None:
        logger.exception("a %s of stream %s failed", type(reader).__name__, self.name)
