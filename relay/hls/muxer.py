"""What a stream publishes, Opus and all, in; parts of HLS segments out. Pure, and heavy: it is run
beside the event loop.
"""

from collections import deque

from relay.hls.segmenter import SCALE, Part, Segmenter
from relay.media.aac import TRACK, AacTranscoder
from relay.sample import TIMESCALE, Sample, Track, TrackInfo

STARVED = SCALE // 2
"""0.5 s without one of the tracks: then the other goes on alone. Counted from when it last came,
since a track may well be late for good.
"""
AWAY = SCALE
"""1 s without any media: then there is a gap. Nearer, what comes late would have lost its place."""


class Muxer:
    """Puts the two tracks in order, the sound as AAC, and keeps parts coming whatever the creator
    does.
    """

    def __init__(self) -> None:
        self._transcoder = AacTranscoder()
        self._segmenter = Segmenter(TRACK)
        self._pictures: deque[Sample | TrackInfo] = deque()
        self._frames: deque[Sample] = deque()
        self._newest: Sample | None = None
        self._pictures_at = self._sounds_at = 0
        self._key_asked_at = -1
        self.wants_key = False
        """An IDR should be asked for; set by `receive`, once for each time that one is due."""

    @property
    def began(self) -> int:
        """The media time (90 kHz) at which the part that is being gathered begins."""
        return self._segmenter.began

    def receive(self, items: list[Sample | TrackInfo], media_now: int) -> list[Part]:
        """What was published since the last call, in its order. `media_now`: the media time (90
        kHz) that it would be if all went on.
        """
        self.wants_key = False
        sounds = [item for item in items if isinstance(item, Sample) and item.track is Track.AUDIO]
        self._pictures.extend(
            item for item in items if isinstance(item, TrackInfo) or item.track is Track.VIDEO
        )
        self._frames.extend(self._transcoder.receive(sounds))
        if sounds:
            self._sounds_at = media_now
        pictures = [
            item for item in items if isinstance(item, Sample) and item.track is Track.VIDEO
        ]
        if pictures:
            self._newest, self._pictures_at = pictures[-1], media_now
            if media_now - self._sounds_at > STARVED:
                self._frames.extend(
                    self._transcoder.fill(_sound_ticks(pictures[-1].dts), pictures[-1])
                )
        parts = self._in_order()
        parts += self._without_pictures(media_now)
        if not self._segmenter.waiting and media_now - self._media_edge() > AWAY:
            parts += self._segmenter.gap(media_now)
        self._want_key(media_now)
        return parts

    def end(self) -> list[Part]:
        """The stream is over: what is left."""
        if self._newest:
            self._frames.extend(self._transcoder.fill(_sound_ticks(self._newest.dts), self._newest))
        return self._in_order() + self._segmenter.end()

    def _sound_edge(self) -> int:
        edge = self._transcoder.edge
        return 0 if edge is None else edge * SCALE // TIMESCALE[Track.AUDIO]

    def _media_edge(self) -> int:
        """How far there has been anything."""
        newest = self._newest.dts if self._newest else 0
        return max(newest, self._sound_edge())

    def _in_order(self) -> list[Part]:
        """Pictures for which the sound is here up to their time, with that sound before them."""
        parts: list[Part] = []
        while self._pictures:
            item = self._pictures[0]
            if isinstance(item, TrackInfo):
                self._segmenter.receive_track(item)
            elif item.dts > self._sound_edge():
                break
            else:
                parts += self._sound_until(item.dts)
                parts += self._segmenter.receive(item)
            self._pictures.popleft()
        return parts

    def _sound_until(self, ticks: int) -> list[Part]:
        parts: list[Part] = []
        while self._frames and self._frames[0].dts * SCALE < ticks * TIMESCALE[Track.AUDIO]:
            parts += self._segmenter.receive(self._frames.popleft())
        return parts

    def _without_pictures(self, media_now: int) -> list[Part]:
        missing = media_now - self._pictures_at - STARVED
        if missing <= 0 or self._newest is None or self._pictures or not self._segmenter.open:
            return []
        # Up to where the next picture will not be, if it comes as late as the last one did.
        until = min(self._newest.dts + missing, self._sound_edge())
        # Chromium leaves out what follows a picture that lasted much longer than it was said to, up
        # to an IDR.
        self.wants_key = True
        return self._sound_until(until) + self._segmenter.stall(until)

    def _want_key(self, media_now: int) -> None:
        due = self._segmenter.key_wanted_at
        if not self._segmenter.open:
            self.wants_key = True
        elif media_now >= due and self._key_asked_at != due:
            self._key_asked_at = due
            self.wants_key = True


def _sound_ticks(ticks: int) -> int:
    return ticks * TIMESCALE[Track.AUDIO] // SCALE
