"""Frames and audio packets become samples of a stream."""

from functools import partial
from time import monotonic, perf_counter_ns
from typing import Any

import pytest

from relay.errors import RefusalCode
from relay.media import h264
from relay.media.h264 import AccessUnit
from relay.meter import Kind, Meter
from relay.rtc.receive.counters import ReceiveCounters
from relay.rtc.receive.reassembly import EncodedFrame, Reassembly
from relay.rtc.receive.session import UNREACHABLE_AFTER
from relay.rtc.rtp import RtpPacket
from relay.sample import Sample, Track, TrackInfo
from relay.stream.stream import Stream
from relay.stream.window import Window
from relay.worker.workers import Workers
from server.ingest.ingestion import SILENT_FOR, TOO_MANY_SAMPLES, Ingestion
from server.ingest.missing import PATIENCE
from server.ingest.passthrough_source import PassthroughSource
from server.ingest.sample_allowance import BURST, EXCESS_BURST
from server.ingest.transcoded_source import TranscodedSource
from server.ingest.transcoders import Transcoders
from tests.fixtures import media


class Rtc:
    """What an ingestion uses of a ReceiveSession."""

    def __init__(self) -> None:
        self.counters = ReceiveCounters()
        self.account = Meter().open(Kind.CREATOR, 0.0, lambda _: None)
        self.reassembly = Reassembly()
        self.round_trip: float | None = 0.05
        self.silent_for = 0.0
        self.unanswered = 0
        self.keyframe_requests = self.unusable_keyframes = self.dues = 0

    def silence(self, now: float) -> float:
        return self.silent_for

    def request_keyframe(self) -> None:
        self.keyframe_requests += 1

    def make_due(self) -> None:
        self.dues += 1

    def drop_until_keyframe(self) -> None:
        self.unusable_keyframes += 1


class Owner:
    def __init__(self) -> None:
        self.came = self.stopped = 0
        self.failed: list[str] = []

    def media_came(self) -> None:
        self.came += 1

    def media_stopped(self) -> None:
        self.stopped += 1

    def media_failed(self, reason: str) -> None:
        self.failed.append(reason)


class Reader:
    """Keeps the samples of a stream."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []

    def receive_track(self, info: TrackInfo) -> None: ...

    def receive_sample(self, sample: Sample) -> None:
        self.samples.append(sample)

    def end(self) -> None: ...


class Live:
    def __init__(self, transcoders: int = 0, workers: Workers | None = None) -> None:
        self.rtc, self.owner, self.reader = Rtc(), Owner(), Reader()
        self.stream = Stream("room", Window(10, 1 << 20))
        self.stream.add_reader(self.reader)
        source = PassthroughSource()
        self.began = monotonic()
        self.ingestion = Ingestion(
            self.rtc,
            source,
            self.stream,
            partial(
                Transcoders(workers or Workers(), transcoders, 1, 1_000_000).reserve,
                "room",
                "192.0.2.1",
            ),
            self.owner,
            epoch=7,
            start=5_000_000,
            audio=True,
        )
        source.deliver_to(self.ingestion)
        unit = h264.access_unit(media.access_units(160, 120, 1)[0])
        self.unit: AccessUnit = unit

    def frame(self, number: int, unit: AccessUnit | None = None) -> None:
        arrived = self.began + number / 30
        self.ingestion.receive_frame(EncodedFrame(number * 3_000, unit or self.unit, arrived))

    def audio(self, number: int, payload: bytes = b"\xdcsound") -> None:
        packet = RtpPacket(111, False, number, number * 960, 1, payload)
        self.ingestion.receive_audio(packet, self.began + number / 50)

    def tracks(self) -> list[Track]:
        return [sample.track for sample in self.reader.samples]


def altered(unit: AccessUnit, **changes: Any) -> AccessUnit:
    fields = {
        "data": unit.data,
        "sps": unit.sps,
        "pps": unit.pps,
        "key": unit.key,
        "disposable": unit.disposable,
    }
    return AccessUnit(**{**fields, **changes})


async def test_samples_start_with_a_keyframe() -> None:
    """Audio and other frames before it are dropped. All samples have the epoch of the session."""
    live = Live()
    live.audio(0)
    live.frame(0, altered(live.unit, key=False, sps=b"", pps=b""))
    assert live.tracks() == [] and live.owner.came == 0
    live.frame(1)
    live.audio(1)
    assert live.tracks() == [Track.VIDEO, Track.AUDIO] and live.owner.came == 2
    assert {sample.epoch for sample in live.reader.samples} == {7}
    assert live.stream.tracks[Track.VIDEO].width == 160
    assert 5_000_000 <= live.reader.samples[0].media_time < 5_200_000


async def test_parameter_sets_of_their_own() -> None:
    """OBS sends them in an access unit before the keyframe."""
    live = Live()
    live.frame(0, altered(live.unit, data=b"", key=False))
    live.frame(0, altered(live.unit, sps=b"", pps=b""))
    assert live.tracks() == [Track.VIDEO]


async def test_a_keyframe_with_unusable_parameters() -> None:
    live = Live()
    live.frame(0, altered(live.unit, sps=b"\x67\x42"))
    assert live.tracks() == [] and live.rtc.unusable_keyframes == 1


async def test_an_audio_packet_that_is_not_opus() -> None:
    live = Live()
    live.frame(0)
    live.audio(0, b"")
    live.audio(1, b"\xff\xff")
    assert live.tracks() == [Track.VIDEO] and live.rtc.counters.rejected == 1


async def test_missing_audio_becomes_silence() -> None:
    live = Live()
    live.frame(0)
    live.ingestion.tick(live.began + 0.1)
    live.ingestion.tick(live.began + 1)
    assert set(live.tracks()[1:]) == {Track.AUDIO} and len(live.reader.samples) > 30


def silence_from(live: Live, *, every_tick: bool) -> int:
    """Sends sound for a second and then none. Returns the number of the tick at which silence
    replaces the sound. `every_tick`: whether every tick reaches the ingestion, due or not.
    """
    live.frame(0)
    due = 0.0
    for tick in range(100):
        if tick < 50:
            live.audio(tick)
        now = live.began + tick / 50 + 0.001
        if every_tick or now >= due:
            due = live.ingestion.tick(now)
        if tick >= 50 and live.reader.samples[-1].data != b"\xdcsound":
            return tick
    raise AssertionError("no silence")


async def test_silence_is_not_later_because_ticks_are_left_out() -> None:
    """The time that a tick returns is early enough. While sound flows, few ticks are due."""
    live = Live()
    assert silence_from(live, every_tick=False) == silence_from(Live(), every_tick=True)
    now = live.began + 2
    live.audio(100)
    assert live.ingestion.tick(now) >= now + 0.1


async def test_media_that_stopped_is_reported() -> None:
    """Packets without a frame do not count, nor does a publisher that is unreachable."""
    live = Live()
    live.rtc.counters.last_media = live.began + SILENT_FOR
    live.ingestion.tick(live.began + SILENT_FOR - 0.1)
    assert live.owner.stopped == 0
    live.ingestion.tick(live.began + SILENT_FOR + 0.1)
    assert live.owner.stopped == 1
    live.frame(0)
    live.ingestion.tick(live.began + SILENT_FOR + 0.2)
    assert live.owner.stopped == 1
    live.rtc.silent_for = UNREACHABLE_AFTER
    live.ingestion.tick(live.began + SILENT_FOR + 0.3)
    assert live.owner.stopped == 2


async def test_b_frames_without_a_transcoder_end_the_session() -> None:
    live = Live()
    live.frame(1)
    live.frame(0, altered(live.unit, key=False))
    assert len(live.owner.failed) == 1 and "the encoder sends B-frames" in live.owner.failed[0]
    assert RefusalCode.NO_TRANSCODING not in live.owner.failed[0], "a sentence, not a code"


async def test_b_frames_are_transcoded_from_the_next_keyframe_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    workers = Workers(video="server.ingest.transcoder_worker")
    live = Live(1, workers)
    live.frame(1)
    passthrough = live.ingestion.source
    with caplog.at_level("INFO"):
        live.frame(0, altered(live.unit, key=False))
    source = live.ingestion.source
    assert isinstance(source, TranscodedSource) and source.dropped == 1
    assert "set B-frames to 0" in caplog.text
    passthrough.request_keyframe()
    assert live.rtc.keyframe_requests == 0, "the former source has no output"
    await source.close()
    await workers.close()


async def test_a_transcoder_that_decodes_nothing_is_named() -> None:
    """The viewers who are present see the forwarded frames, but viewers who join see none."""
    workers = Workers(video="server.ingest.transcoder_worker")
    live = Live(1, workers)
    live.frame(0)
    live.rtc.reassembly.last_arrival = live.began
    assert live.ingestion.health().missing == []
    point = EncodedFrame(3_000, altered(live.unit, key=False), live.began - PATIENCE, True)
    live.ingestion.receive_frame(point)
    assert live.tracks() == [Track.VIDEO] * 2
    assert [missing.code for missing in live.ingestion.health().missing] == ["not_decoded"]
    live.ingestion.publish_frame(EncodedFrame(6_000, live.unit, live.began))
    assert live.ingestion.health().missing == []
    await live.ingestion.source.close()
    await workers.close()


async def test_health() -> None:
    live = Live()
    live.frame(0)
    health = live.ingestion.health()
    assert health.round_trip == 50 and health.keyframe_age is not None


class SlowReader(Reader):
    """Takes 2 ms for each sample, like the viewers of a large room."""

    NS = 2_000_000

    def receive_sample(self, sample: Sample) -> None:
        until = perf_counter_ns() + self.NS
        while perf_counter_ns() < until:
            pass


async def test_delivery_is_not_charged_to_the_publisher() -> None:
    """It is counted separately, because a creator must not pay for the size of the audience."""
    live = Live()
    live.stream.add_reader(SlowReader())
    live.frame(0)
    live.audio(1)
    assert live.rtc.counters.delivery_ns >= 2 * SlowReader.NS
    assert live.rtc.account.spent_ns == -live.rtc.counters.delivery_ns


async def test_delivery_of_too_many_samples_is_charged_to_the_publisher() -> None:
    """Only the publisher causes the work for a flood of tiny frames."""
    live = Live()
    key = altered(live.unit, key=True)
    for _ in range(BURST):
        live.ingestion.receive_frame(EncodedFrame(0, key, live.began))
    before, slow = live.rtc.account.spent_ns, SlowReader()
    live.stream.add_reader(slow)
    for _ in range(20):
        live.ingestion.receive_frame(EncodedFrame(0, key, live.began))
    assert live.rtc.account.spent_ns >= before - SlowReader.NS
    assert live.rtc.counters.delivery_ns >= 20 * SlowReader.NS


async def test_a_flood_of_frames_ends_the_session() -> None:
    live = Live()
    key = altered(live.unit, key=True)
    for number in range(BURST + EXCESS_BURST + 1):
        assert not live.ingestion.excessive and not live.rtc.dues, number
        live.ingestion.receive_frame(EncodedFrame(0, key, live.began))
    assert live.rtc.dues, "the next tick must see it"
    live.ingestion.tick(live.began)
    assert live.owner.failed == [TOO_MANY_SAMPLES] and live.ingestion.excessive


async def test_frames_of_a_transcoder_are_not_taken_off_the_account() -> None:
    """They come outside of the publisher's datagrams, so nothing was charged for them."""
    live = Live()
    live.ingestion.publish_frame(EncodedFrame(0, live.unit, live.began))
    assert len(live.reader.samples) == 1 and live.rtc.account.spent_ns == 0
