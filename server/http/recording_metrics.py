"""Metrics of recordings. No label contains the name of a room or person."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from server.http.metric_families import Family, counter
from server.recordings.policy import Note
from server.recordings.recordings import Recordings


class RecordingCollector(Collector):
    """Reads the counters when metrics are requested."""

    def __init__(self, recordings: Recordings) -> None:
        self._recordings = recordings

    def describe(self) -> Iterator[Family]:
        """Yields no metrics. Without this method, `register` would call `collect` while the server
        is still starting.
        """
        yield from ()

    def collect(self) -> Iterator[Family]:
        recordings, counters = self._recordings, self._recordings.counters
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
