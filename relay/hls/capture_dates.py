"""The dates of a rendition (`EXT-X-PROGRAM-DATE-TIME`). Pure.

Players place segments by their dates, so the date of a segment must be the date of the previous
segment plus its duration. The capture times of frames are not that regular: they are estimates
until the first reports of the sender, and vary by some milliseconds afterwards.
"""

from relay.sample import VIDEO_RATE, Sample

SLEW = 1_000
"""Maximum change of the difference between dates and media times from one segment to the next,
µs.
"""
SETTLED = 20_000
"""Difference between date and capture time that is not corrected, µs. Capture times vary less."""


class CaptureDates:
    """Converts media times to dates: capture times, in µs since the Unix epoch."""

    def __init__(self) -> None:
        self._offset = 0
        self._epoch = -1
        self._newest: tuple[int, int] = -1, 0
        """Epoch of the newest frame, and its capture time minus its media time, µs."""

    def receive(self, frame: Sample) -> None:
        """Takes the newest frame, which may be newer than the frames of the current segment."""
        self._newest = frame.epoch, _offset(frame)

    def begin(self, key: Sample) -> None:
        """Takes the capture time anew, behind a discontinuity that begins with `key`. Uses the
        newest frame of the same epoch, because later estimates are better.
        """
        epoch, offset = self._newest
        self._epoch = key.epoch
        self._offset = offset if epoch == key.epoch else _offset(key)

    def correct(self) -> None:
        """Brings the dates nearer to the capture times, by at most SLEW."""
        epoch, offset = self._newest
        wrong = offset - self._offset
        if epoch == self._epoch and abs(wrong) > SETTLED:
            self._offset += max(-SLEW, min(SLEW, wrong))

    def date(self, ticks: int) -> int:
        """Returns the date of a media time. `ticks`: media time, 90 kHz ticks."""
        return microseconds(ticks) + self._offset


def microseconds(ticks: int) -> int:
    """Converts a media time from 90 kHz ticks to µs."""
    return ticks * 1_000_000 // VIDEO_RATE


def _offset(frame: Sample) -> int:
    return frame.capture - microseconds(frame.dts)
