"""The timeline puts two tracks on one clock, despite jitter and drift. All times are simulated."""

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from relay.sample import TIMESCALE, Track
from server.ingest.timeline import REANCHOR, SLEW, STRAGGLERS, RisingMinimum, Stamp, Timeline

EPOCH = 1_700_000_000.0
"""The sender's clock when the server's is 1000."""
FRAME, PACKET = 1 / 30, 0.02


@dataclass
class Sender:
    """A phone: its clock, its random first timestamps and its encoding delay."""

    timeline: Timeline
    network: float = 0.03
    encoding: float = 0.02
    """Delay of video frames; audio has none."""
    video_base: int = 0xFFFF_0000
    audio_base: int = 0xFFFF_F000
    drift: float = 0.0
    """Ratio by which the audio clock of the phone runs fast."""
    frames: list[tuple[float, Stamp]] = field(default_factory=list)
    sounds: list[tuple[float, Stamp]] = field(default_factory=list)

    def frame(self, second: float, late: float = 0.0) -> Stamp:
        """A frame that the camera recorded at that second."""
        arrived = 1_000 + second + self.encoding + self.network + late
        stamp = self.timeline.frame(self.video_base + round(second * 90_000) & 0xFFFFFFFF, arrived)
        self.frames.append((second, stamp))
        return stamp

    def sound(self, second: float, late: float = 0.0) -> Stamp:
        arrived = 1_000 + second + self.network + late
        stamp = self.timeline.sound(
            self.audio_base + round(second * (1 + self.drift) * 48_000) & 0xFFFFFFFF, arrived
        )
        self.sounds.append((second, stamp))
        return stamp

    def report(self, track: Track, second: float, late: float = 0.0) -> None:
        base, rate = (
            (self.video_base, 90_000) if track is Track.VIDEO else (self.audio_base, 48_000)
        )
        ticks = second * (1 + self.drift if track is Track.AUDIO else 1) * rate
        self.timeline.report(
            track,
            EPOCH + second,
            base + round(ticks) & 0xFFFFFFFF,
            1_000 + second + self.network + late,
        )

    def reports(self, second: float, late: float = 0.0) -> None:
        for track in Track:
            self.report(track, second, late)

    def run(
        self,
        start: float,
        end: float,
        *,
        jitter: float = 0.0,
        every: float | None = None,
        seed: int = 0,
    ) -> None:
        """Both tracks from `start` to `end`, each packet up to `jitter` late, with sender reports
        `every` so many seconds.
        """
        chance = random.Random(seed)
        events = [(start + index * FRAME, "frame") for index in range(round((end - start) / FRAME))]
        events += [
            (start + index * PACKET, "sound") for index in range(round((end - start) / PACKET))
        ]
        if every:
            events += [
                (start + index * every + 0.005, "report")
                for index in range(round((end - start) / every))
            ]
        for second, kind in sorted(events):
            late = chance.uniform(0, jitter) if chance.random() < 0.8 else 0.0
            if kind == "frame":
                self.frame(second, late)
            elif kind == "sound":
                self.sound(second, late)
            else:
                self.reports(second, late)


def media_seconds(stamp: Stamp, track: Track) -> float:
    return stamp.ticks / TIMESCALE[track]


def relation(sender: Sender, last: int = 1) -> float:
    """Seconds of media time by which the video is later than the audio of the same moment."""
    second, stamp = sender.frames[-last]
    heard, sound = sender.sounds[-last]
    return (media_seconds(stamp, Track.VIDEO) - second) - (
        media_seconds(sound, Track.AUDIO) - heard
    )


def test_a_session_begins_at_its_start() -> None:
    """The first sample is at `start`, and media time runs at the speed of the recording."""
    sender = Sender(Timeline(5_000_000))
    assert media_seconds(sender.frame(0), Track.VIDEO) == pytest.approx(5, abs=1e-4)
    assert media_seconds(sender.frame(1), Track.VIDEO) == pytest.approx(6, abs=1e-4)
    assert sender.timeline.media_now(1_002 + sender.network + sender.encoding) == pytest.approx(
        7, abs=1e-4
    )
    assert Timeline(5_000_000).media_now(77) == 5


def test_before_the_first_report_arrival_places_both_tracks() -> None:
    """Without reports the tracks are off by the encoding delay only, and capture times are marked
    as estimates.
    """
    sender = Sender(Timeline(0))
    sender.run(0, 3, jitter=0.05)
    assert relation(sender) == pytest.approx(sender.encoding, abs=0.005)
    assert all(stamp.estimated for _, stamp in sender.frames + sender.sounds)


def test_reports_put_both_tracks_on_one_clock() -> None:
    """With reports the video is within milliseconds of the audio of the same moment, despite the
    delay of the encoder.
    """
    sender = Sender(Timeline(0), encoding=0.2)
    sender.run(0, 20, jitter=0.05, every=1)
    assert relation(sender) == pytest.approx(0, abs=0.01)
    assert not sender.frames[-1][1].estimated


def test_a_late_first_report_corrects_in_small_steps() -> None:
    """A correction by the first report moves each frame by at most 4 ms, and audio stays end to
    end.
    """
    sender = Sender(Timeline(0), encoding=0.15)
    sender.run(0, 5)
    assert relation(sender) == pytest.approx(0.15, abs=0.01)
    sender.reports(5)
    sender.run(5, 10)
    times = [media_seconds(stamp, Track.VIDEO) for _, stamp in sender.frames]
    steps = [after - before for before, after in zip(times, times[1:], strict=False)]
    assert min(steps) >= FRAME - SLEW - 1e-4 and max(steps) <= FRAME + SLEW + 1e-4
    assert relation(sender) == pytest.approx(0, abs=0.01)
    ticks = [stamp.ticks for _, stamp in sender.sounds]
    assert {after - before for before, after in zip(ticks, ticks[1:], strict=False)} == {960}


@pytest.mark.parametrize("late", [0.3, 0.9])
def test_a_stall_right_after_the_first_report_moves_nothing(late: float) -> None:
    """Packets before the first report still count: one late packet does not shift everything."""
    sender = Sender(Timeline(0))
    sender.run(0, 2)
    sender.reports(2)
    sender.frame(2 + FRAME, late)
    sender.sound(2.04, late)
    sender.run(2.1, 3)
    times = [media_seconds(stamp, Track.VIDEO) for _, stamp in sender.frames]
    steps = [after - before for before, after in zip(times, times[1:], strict=False)]
    assert max(steps) < 0.1 + 2 * SLEW


def test_one_report_for_one_track_only() -> None:
    """The track without a report is placed by arrival."""
    sender = Sender(Timeline(0), encoding=0.05)
    sender.run(0, 2)
    sender.report(Track.AUDIO, 2)
    sender.run(2, 6)
    assert abs(relation(sender)) <= 0.06
    sender.report(Track.VIDEO, 6)
    sender.run(6, 9)
    assert relation(sender) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("drift", [-2e-4, 1e-4, 5e-4])
def test_video_follows_a_drifting_audio_clock(drift: float) -> None:
    """For ten minutes audio stays end to end, and video stays in sync."""
    sender = Sender(Timeline(0), drift=drift)
    sender.run(0, 600, every=5)
    worst = 0.0
    for index in range(1, 600, 20):
        second, stamp = sender.frames[index * 30 - 1]
        heard, sound = min(
            sender.sounds[index * 50 - 10 : index * 50 + 10],
            key=lambda entry: abs(entry[0] - second),
        )
        worst = max(
            worst,
            abs(
                (media_seconds(stamp, Track.VIDEO) - second)
                - (media_seconds(sound, Track.AUDIO) - heard)
            ),
        )
    assert worst < 0.04
    ticks = [stamp.ticks for _, stamp in sender.sounds]
    expected = [
        round((second + PACKET) * (1 + drift) * 48_000) - round(second * (1 + drift) * 48_000)
        for second, _ in sender.sounds
    ]
    breaks = [
        step
        for step in (after - before for before, after in zip(ticks, ticks[1:], strict=False))
        if abs(step - 960) > 1
    ]
    assert len(breaks) <= 600 * abs(drift) / REANCHOR + 1
    assert set(expected) <= {959, 960, 961}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**32 - 1),
            st.floats(0, 2),
            st.sampled_from(["frame", "sound", "report 0", "report 1"]),
            st.floats(0, 2**32),
        ),
        max_size=60,
    )
)
def test_frames_always_ascend(drawn: list[tuple[int, float, str, float]]) -> None:
    """With any timestamps and reports, video ticks strictly ascend from 0, and nothing raises."""
    timeline, now, last = Timeline(0), 1_000.0, -1
    for timestamp, step, kind, clock in drawn:
        now += step
        if kind == "frame":
            stamp = timeline.frame(timestamp, now)
            assert stamp.ticks > last
            assert stamp.captured <= now + 1e-6 or stamp.estimated
            last = stamp.ticks
        elif kind == "sound":
            timeline.sound(timestamp, now)
        else:
            timeline.report(Track(int(kind[-1])), clock, timestamp, now)


def test_reports_that_count_faster_than_packets_are_rejected() -> None:
    """The reports of GStreamer count twice as fast. Packets are placed by arrival, and both tracks
    keep up.
    """
    sender = Sender(Timeline(0), encoding=0.0)
    sender.run(0, 0.5)
    for second in range(20):
        for track, base, rate in (
            (Track.VIDEO, sender.video_base, 90_000),
            (Track.AUDIO, sender.audio_base, 48_000),
        ):
            sender.timeline.report(
                track,
                EPOCH + 0.5 + second,
                base + round((0.5 + 2 * second) * rate) & 0xFFFFFFFF,
                1_000.53 + second,
            )
        sender.run(0.5 + second, 1.5 + second)
    for track, seen in ((Track.VIDEO, sender.frames), (Track.AUDIO, sender.sounds)):
        assert all(
            media_seconds(stamp, track) == pytest.approx(second, abs=0.002)
            for second, stamp in seen
        )
        assert all(stamp.estimated for second, stamp in seen if second > 1.5)


def test_reports_are_accepted_again_after_the_senders_clock_was_set() -> None:
    """The first report after that contradicts the one before, the second one agrees; no frame
    moves.
    """
    sender = Sender(Timeline(0))
    sender.run(0, 5, every=1)
    before = sender.frame(5)
    for track, base, rate in (
        (Track.VIDEO, sender.video_base, 90_000),
        (Track.AUDIO, sender.audio_base, 48_000),
    ):
        for second in (5, 6):
            sender.timeline.report(
                track, EPOCH + second + 0.2, base + second * rate & 0xFFFFFFFF, 1_000.03 + second
            )
    after = sender.frame(6)
    assert not after.estimated
    assert media_seconds(after, Track.VIDEO) - media_seconds(before, Track.VIDEO) == pytest.approx(
        1, abs=0.01
    )


def test_timestamps_that_wrap() -> None:
    """Media time is continuous when 32-bit timestamps wrap."""
    sender = Sender(Timeline(0), video_base=2**32 - 45_000, audio_base=2**32 - 24_000)
    sender.run(0, 2, every=0.4)
    assert media_seconds(sender.frames[-1][1], Track.VIDEO) == pytest.approx(
        sender.frames[-1][0], abs=0.03
    )
    ticks = [stamp.ticks for _, stamp in sender.sounds]
    assert {after - before for before, after in zip(ticks, ticks[1:], strict=False)} == {960}


def test_capture_is_the_moment_of_recording() -> None:
    """With reports and a measured round trip, this holds for any encoding delay."""
    sender = Sender(Timeline(0), encoding=0.12, network=0.04)
    sender.timeline.round_trip = 0.08
    sender.run(0, 3, every=0.5)
    second, stamp = sender.frames[-1]
    assert stamp.captured == pytest.approx(1_000 + second, abs=0.002)
    assert not stamp.estimated


def test_a_slower_uplink_does_not_move_capture() -> None:
    """With 200 ms more of network delay, arrival minus capture rises by 200 ± 10 ms."""
    sender = Sender(Timeline(0))
    sender.timeline.round_trip = 2 * sender.network
    sender.run(0, 5, every=0.5)
    second, stamp = sender.frames[-1]
    before = 1_000 + second + sender.encoding + sender.network - stamp.captured
    sender.network += 0.2
    sender.run(5, 8, every=0.5)
    second, stamp = sender.frames[-1]
    after = 1_000 + second + sender.encoding + sender.network - stamp.captured
    assert after - before == pytest.approx(0.2, abs=0.01)


def test_the_minimum_rises_slowly() -> None:
    """A lower value applies at once, a higher one at 0.1 ms per second."""
    minimum = RisingMinimum()
    assert minimum.add(5, 0) == 5
    assert minimum.add(3, 1) == 3
    assert minimum.add(9, 11) == pytest.approx(3.001)
    assert minimum.add(9, 5) == pytest.approx(3.001)


@pytest.mark.parametrize("reports", [[0], [0, 110, 220, 700, 1_100], [0, 110, 959]])
@pytest.mark.parametrize("jump", [-30.0, -10.0, 0.0, 5.0, 60.0])
def test_audio_timestamps_that_jump_in_a_pause_do_not_stop_the_video(
    jump: float, reports: list[int]
) -> None:
    """After half a minute without audio its timestamps may be ahead of the clock or behind it: the
    video keeps its pace, and the audio resumes in sync.
    """
    timeline = Timeline(0)
    frames: list[float] = []

    def timestamp(number: int) -> int:
        return number * 1_600 + (round(jump * 48_000) if number >= 959 else 0) & 0xFFFFFFFF

    for number in range(40 * 30):
        now = 100 + number / 30
        if number % 30 == 0:
            timeline.report(Track.VIDEO, 5_000 + now - 0.01, number * 3_000, now)
        if number in reports:
            timeline.report(Track.AUDIO, 5_000 + now - 0.01, timestamp(number), now)
        frames.append(timeline.frame(number * 3_000, now + 0.03).ticks / 90_000)
        if number < 60 or number >= 960:
            sound = timeline.sound(timestamp(number), now + 0.01).ticks / 48_000
            assert abs(sound - frames[-1]) < 0.1 or 960 <= number < 960 + STRAGGLERS
    steps = [two - one for one, two in zip(frames, frames[1:], strict=False)]
    assert min(steps) > 0.02 and max(steps) < 0.05


@pytest.mark.parametrize("reports", [True, False])
@pytest.mark.parametrize("pause", [0.4, 1.5, 5.0])
def test_packets_that_waited_during_a_pause_keep_their_media_time(
    reports: bool, pause: float
) -> None:
    """After a pause of the process, the packets that waited in the socket are read at once."""
    sender = Sender(Timeline(0))
    before = round(5 / PACKET)
    waiting = round(pause / PACKET)
    if reports:
        sender.reports(0)
    for number in range(before + waiting + 50):
        second = number * PACKET
        waited = (before + waiting - number) * PACKET
        sender.sound(second, waited if number >= before and waited > 0 else 0.0)
    steps = [
        two.ticks - one.ticks
        for (_, one), (_, two) in zip(sender.sounds, sender.sounds[1:], strict=False)
    ]
    assert set(steps) == {960}


@settings(max_examples=60, deadline=None)
@given(
    track=st.sampled_from(list(Track)),
    base=st.integers(0, 2**32 - 1),
    reported=st.booleans(),
    again=st.booleans(),
)
@example(track=Track.AUDIO, base=685, reported=True, again=False)
def test_a_new_source_continues_without_a_jump(
    track: Track, base: int, reported: bool, again: bool
) -> None:
    """The timestamps of a new SSRC are unrelated; media time continues before and after its first
    sender report.
    """
    sender = Sender(Timeline(0))
    sender.run(0, 3, every=1 if reported else None)
    sender.timeline.forget(track)
    if track is Track.VIDEO:
        sender.video_base = base
    else:
        sender.audio_base = base
    sender.run(3, 5, every=None)
    if again:
        sender.reports(5)
    sender.run(5, 7, every=1 if again else None)
    for samples, rate in ((sender.frames, Track.VIDEO), (sender.sounds, Track.AUDIO)):
        off = [media_seconds(stamp, rate) - second for second, stamp in samples]
        assert max(off) - min(off) < 0.1
