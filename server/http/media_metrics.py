"""Metrics of stored media: recordings, clips and their store. No label contains the name of a room
or person.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from server.clips.clips import Clips
from server.clips.life import FINISHED
from server.http.metric_families import Family, counter
from server.objects.objects import Objects
from server.recordings.policy import Note
from server.recordings.recordings import Recordings


@dataclass(frozen=True, slots=True)
class MediaSources:
    """The objects from which the metrics are read."""

    recordings: Recordings
    clips: Clips
    objects: Objects


class MediaCollector(Collector):
    """Reads the counters when metrics are requested."""

    def __init__(self, sources: MediaSources) -> None:
        self._sources = sources

    def describe(self) -> Iterator[Family]:
        """Yields no metrics. Without this method, `register` would call `collect` while the server
        is still starting.
        """
        yield from ()

    def collect(self) -> Iterator[Family]:
        yield from self._of_recordings()
        yield from self._of_clips()
        yield GaugeMetricFamily(
            "microlive_media_store_answers",
            "Whether the last call reached the store of recordings and clips, and it had space",
            int(self._sources.objects.answers),
        )

    def _of_recordings(self) -> Iterator[Family]:
        recordings = self._sources.recordings
        counters = recordings.counters
        yield GaugeMetricFamily(
            "microlive_recordings", "Lives that are being recorded", recordings.running
        )
        yield GaugeMetricFamily(
            "microlive_recording_waiting_bytes",
            "Media that waits to be recorded; the windows usually hold the same media",
            recordings.waiting,
        )
        yield CounterMetricFamily(
            "microlive_recorded_bytes", "Size of the segments that were stored", counters.bytes
        )
        yield CounterMetricFamily(
            "microlive_recorded_segments", "Segments that were stored", counters.segments
        )
        yield CounterMetricFamily(
            "microlive_recording_retries",
            "Attempts to store a part of a recording that failed and were repeated",
            counters.retries,
        )
        yield CounterMetricFamily(
            "microlive_recording_lost_samples",
            "Samples missing from recordings because the stores were too slow",
            recordings.lost,
        )
        yield counter(
            "stopped_recordings",
            "Recordings that stopped before their live, by reason",
            "reason",
            {note.value: counters.stopped[note] for note in Note},
        )

    def _of_clips(self) -> Iterator[Family]:
        clips = self._sources.clips
        counters = clips.counters
        yield GaugeMetricFamily(
            "microlive_clip_drafts", "Drafts of clips in memory", len(clips.drafts)
        )
        yield counter(
            "clips",
            "Clips since the process began: drafts that could be played, finished clips by their "
            "state, clips that could not be made or stored, deleted clips",
            "result",
            {
                "draft": counters.drafts,
                **{state: counters.finished[state] for state in FINISHED},
                "failed": counters.failed,
                "deleted": counters.deleted,
            },
        )
