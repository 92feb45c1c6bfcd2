"""Makes parts of HLS segments from the samples of a stream, with AAC instead of Opus. Pure."""

from collections import deque
from collections.abc import Sequence

from relay.hls.segmenter import SCALE, Part, Segmenter
from relay.media.aac import TRACK, AacTimeline, OpusPacket
from relay.sample import TIMESCALE, Sample, Track, TrackInfo

STARVED = SCALE // 2
"""Maximum time that one track waits for samples of the other track: 0.5 s in 90 kHz ticks. After
this time, the waiting track continues alone. The time begins when the newest sample of the other
track arrives. Media times are not compared, because one track may constantly lag behind the other.
"""
AWAY = SCALE
"""Time without any media after which the playlist gets a gap: 1 s in 90 kHz ticks. The time must
not be shorter, because samples that arrive after the gap has begun are lost.
"""


class Muxer:
    """Puts the samples of both tracks in order, and makes parts from the samples even while media
    is missing.

    Call `receive` or `end`, encode the returned packets, then call `parts`. If the encoder fails,
    call `replace` and encode the packets that it returns.
    """

    def __init__(self) -> None:
        self._timeline = AacTimeline()
        self._packets: list[OpusPacket] = []
        self._media_now = 0
        self._ended = False
        self._segmenter = Segmenter(TRACK)
        self._video: deque[Sample | TrackInfo] = deque()
        self._audio: deque[Sample] = deque()
        self._newest: Sample | None = None
        self._video_at = self._audio_at = 0
        self._key_requested_at = -1
        self.wants_key = False
        """Whether the caller should request an IDR. Each call of `receive` updates this value."""

    @property
    def began(self) -> int:
        """Start of the current, incomplete part (media time, 90 kHz ticks)."""
        return self._segmenter.began

    def receive(self, items: list[Sample | TrackInfo], media_now: int) -> list[OpusPacket]:
        """Takes the samples and tracks published since the last call, in order. Returns the packets
        to encode. `media_now`: the media time that the stream would have reached if its media had
        not paused, in 90 kHz ticks.
        """
        self._media_now = media_now
        audio = [item for item in items if isinstance(item, Sample) and item.track is Track.AUDIO]
        self._video.extend(
            item for item in items if isinstance(item, TrackInfo) or item.track is Track.VIDEO
        )
        self._packets = list(self._timeline.packets(audio))
        if audio:
            self._audio_at = media_now
        frames = [item for item in items if isinstance(item, Sample) and item.track is Track.VIDEO]
        if frames:
            self._newest, self._video_at = frames[-1], media_now
            self._segmenter.receive_newest(frames[-1])
            if media_now - self._audio_at > STARVED:
                self._fill_audio(frames[-1])
        return self._packets

    def end(self) -> list[OpusPacket]:
        """Ends the stream. Returns the last packets to encode."""
        self._ended = True
        self._packets = []
        if self._newest:
            self._fill_audio(self._newest)
        return self._packets

    def replace(self) -> list[OpusPacket]:
        """Returns packets of silence for a new encoder. The new encoder gets these packets instead
        of the packets that the last call of `receive` or `end` returned.
        """
        self._packets = self._timeline.replace(self._packets)
        return self._packets

    def parts(self, encoded: Sequence[Sequence[bytes]]) -> list[Part]:
        """Returns the completed parts. `encoded`: for each of the last returned packets, the AAC
        frames that the packet completed.
        """
        for packet, frames in zip(self._packets, encoded, strict=True):
            self._audio.extend(self._timeline.frames(packet, frames))
        self._packets = []
        self.wants_key = False
        if self._ended:
            return self._in_order() + self._segmenter.end()
        media_now = self._media_now
        parts = self._in_order()
        parts += self._without_video(media_now)
        if not self._segmenter.waiting and media_now - self._media_edge() > AWAY:
            parts += self._segmenter.gap(media_now)
        self._want_key(media_now)
        return parts

    def _fill_audio(self, frame: Sample) -> None:
        """Fills the audio with silence up to the time of a video frame."""
        self._packets += self._timeline.fill(_audio_ticks(frame.dts), frame)

    def _audio_edge(self) -> int:
        edge = self._timeline.edge
        return 0 if edge is None else edge * SCALE // TIMESCALE[Track.AUDIO]

    def _media_edge(self) -> int:
        """Returns the media time of the newest audio or video, in 90 kHz ticks."""
        newest = self._newest.dts if self._newest else 0
        return max(newest, self._audio_edge())

    def _in_order(self) -> list[Part]:
        """Passes audio and video to the segmenter in order of time. Holds back frames that are
        newer than the audio. Returns the completed parts.
        """
        parts: list[Part] = []
        while self._video:
            item = self._video[0]
            if isinstance(item, TrackInfo):
                self._segmenter.receive_track(item)
            elif item.dts > self._audio_edge():
                break
            else:
                parts += self._audio_until(item.dts)
                parts += self._segmenter.receive(item)
            self._video.popleft()
        return parts

    def _audio_until(self, ticks: int) -> list[Part]:
        parts: list[Part] = []
        while self._audio and self._audio[0].dts * SCALE < ticks * TIMESCALE[Track.AUDIO]:
            parts += self._segmenter.receive(self._audio.popleft())
        return parts

    def _without_video(self, media_now: int) -> list[Part]:
        missing = media_now - self._video_at - STARVED
        if missing <= 0 or self._newest is None or self._video or not self._segmenter.open:
            return []
        # Assume that no frame with a time before `until` will arrive.
        until = min(self._newest.dts + missing, self._audio_edge())
        # Request an IDR, because the last frame is shown much longer than usual. After such a
        # frame, Chromium drops all frames up to the next IDR.
        self.wants_key = True
        return self._audio_until(until) + self._segmenter.stall(until)

    def _want_key(self, media_now: int) -> None:
        due = self._segmenter.key_wanted_at
        if not self._segmenter.open:
            self.wants_key = True
        elif media_now >= due and self._key_requested_at != due:
            self._key_requested_at = due
            self.wants_key = True


def _audio_ticks(ticks: int) -> int:
    return ticks * TIMESCALE[Track.AUDIO] // SCALE
