"""The window of a stream at one moment: its segments, and the file of each segment. Pure."""

from collections.abc import Sequence
from typing import Any, Final

from relay.media.bmff import init_segment, muxed_fragment
from relay.rewind.segments import Segment, segment_at, segments_of
from relay.sample import AUDIO_RATE, VIDEO, VIDEO_RATE, Sample, TrackInfo
from relay.stream.window import Snapshot

AROUND: Final = 200
"""Number of samples before and after the frames of a segment that may contain the audio of the
segment. Audio may be published a little earlier or later than the video of the same media time.
"""


class Index:
    """The segments of a window, and the samples in them. Another thread may use an index."""

    def __init__(
        self,
        stream: str,
        snapshot: Snapshot,
        tracks: Sequence[tuple[int, TrackInfo]],
        audio: TrackInfo | None,
        edge: int,
    ) -> None:
        """`stream`: the id of the stream. `tracks`: `Stream.video_tracks`. `edge`: the live edge,
        µs.
        """
        self.stream = stream
        self.edge = edge
        self.segments = segments_of(snapshot.frames(), tracks, edge)
        self._snapshot = snapshot
        self._audio = audio

    def at(self, media_time: int) -> Segment | None:
        """Returns the segment that contains `media_time` (µs); None if there is no such segment."""
        return segment_at(self.segments, media_time)

    def describe(self) -> dict[str, Any]:
        """Returns the members of the answer to `GET /api/rooms/{room}/window` except the hearts."""
        pieces: list[dict[str, Any]] = []
        listed = []
        for segment in self.segments:
            piece = self._piece(segment.video)
            if piece not in pieces:
                pieces.append(piece)
            listed.append(
                {
                    "start": segment.start,
                    "end": segment.end,
                    "piece": pieces.index(piece),
                    "key": segment.key,
                }
            )
        return {
            "stream": self.stream,
            "start": self.segments[0].start if listed else self.edge,
            "end": self.segments[-1].end if listed else self.edge,
            "edge": self.edge,
            "pieces": pieces,
            "segments": listed,
        }

    def write(self, segment: Segment) -> bytes:
        """Returns the file of a segment: an init segment and a fragment. The file of a segment
        without a keyframe has no init segment, because a player that gets an init segment waits for
        a keyframe (Media Source Extensions §3.5.8).
        """
        frames, sounds = self._samples(segment)
        fragment = muxed_fragment((frames, sounds), segment.start // 1_000)
        if not segment.key:
            return fragment
        tracks = (segment.video, self._audio) if self._audio else (segment.video,)
        return init_segment(*tracks) + fragment

    def _piece(self, video: TrackInfo) -> dict[str, Any]:
        codecs = [video.codec, self._audio.codec] if self._audio else [video.codec]
        return {"codecs": ",".join(codecs), "width": video.width, "height": video.height}

    def _samples(self, segment: Segment) -> tuple[list[Sample], list[Sample]]:
        """Returns the video and the audio of a segment, with exact durations."""
        within = self._snapshot.samples(segment.first, segment.following)
        frames = [sample for sample in within if sample.track is VIDEO]
        ends = [frame.dts for frame in frames[1:]] + [segment.end_dts]
        exact = [frame.lasting(end - frame.dts) for frame, end in zip(frames, ends, strict=True)]
        if self._audio is None:
            return exact, []
        around = self._snapshot.samples(segment.first - AROUND, segment.following + AROUND)
        begin, until = _audio_ticks(segment.first_dts), _audio_ticks(segment.end_dts)
        sounds = [
            sample
            for sample in around
            if sample.track is not VIDEO
            and sample.epoch == segment.epoch
            and begin <= sample.dts < until
        ]
        return exact, sounds


def _audio_ticks(ticks: int) -> int:
    return ticks * AUDIO_RATE // VIDEO_RATE
