"""The media that a viewer received, for a comparison with clips of the same live."""

import io
from collections.abc import Iterable

import av

from relay.media import opus
from relay.media.bmff_reader import read_fragment, read_init
from relay.media.progressive import Run, progressive_mp4
from relay.message import Kind, Record, read_init_body
from relay.sample import Sample, Track, TrackInfo

SECONDS = 90
"""Duration of the window of a server by default, seconds."""


class ClipWindow:
    """The samples that a viewer received in the last SECONDS seconds, from a keyframe on."""

    def __init__(self, records: Iterable[tuple[float, Record]]) -> None:
        """`records`: the records of a Spectator."""
        tracks: dict[int, tuple[TrackInfo, ...]] = {}
        samples: dict[int, list[Sample]] = {Track.VIDEO: [], Track.AUDIO: []}
        for _, record in records:
            if record.kind is Kind.INIT:
                tracks[record.track] = read_init(read_init_body(record.body)[1])
            elif record.kind is Kind.MEDIA and record.track in tracks:
                samples[record.track] += read_fragment(record.body, tracks[record.track])
        oldest = samples[Track.VIDEO][-1].media_time - SECONDS * 1_000_000
        recent = [sample for sample in samples[Track.VIDEO] if sample.media_time >= oldest]
        first = next(index for index, sample in enumerate(recent) if sample.key)
        begin = recent[first].media_time
        (self._info,) = tracks[Track.VIDEO]
        self._video = recent[first:]
        self._audio = [sample for sample in samples[Track.AUDIO] if sample.media_time >= begin]

    @property
    def duration(self) -> float:
        """Duration of the window, seconds."""
        return (self._video[-1].media_time - self._video[0].media_time) / 1e6

    def changed(self, clip: bytes) -> int:
        """Returns the number of frames of the clip that are not frames of the live, byte for byte;
        at least 1 if the clip has no frames.
        """
        known = {sample.data for sample in self._video}
        with av.open(io.BytesIO(clip), "r") as container:
            frames = [bytes(packet) for packet in container.demux(video=0) if packet.size]
        return sum(frame not in known for frame in frames) if frames else 1

    def file(self) -> bytes:
        """Returns the window as an MP4 file with H.264 and Opus."""
        runs = [
            Run(info, samples, samples[-1].pts + samples[-1].duration)
            for info, samples in ((self._info, self._video), (opus.track_info(), self._audio))
            if samples
        ]
        return progressive_mp4(runs)
