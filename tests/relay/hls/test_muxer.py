"""Both tracks in order, and parts without a pause."""

from relay.hls.aac_encoder import AacEncoder
from relay.hls.muxer import AWAY, STARVED, Muxer
from relay.hls.segmenter import SCALE, Part
from relay.media.aac import OpusPacket
from relay.sample import Sample, TrackInfo
from tests.fixtures.media import sound_sample, video_sample, video_track

START = 10 * SCALE


class EncodingMuxer(Muxer):
    """A muxer with its audio encoder."""

    def __init__(self) -> None:
        super().__init__()
        self._encoder = AacEncoder()

    def encode(self, packets: list[OpusPacket]) -> list[Part]:
        encoded = []
        for packet in packets:
            if packet.restart is not None:
                self._encoder.restart()
            encoded.append(self._encoder.encode(packet.data, packet.duration))
        return self.parts(encoded)


def live(
    muxer: EncodingMuxer,
    begin: float,
    end: float,
    *,
    sound: bool = True,
    picture: bool = True,
    late: float = 0.0,
    epoch: int = 1,
) -> list[Part]:
    """The samples from second `begin` to second `end`, in batches of 0.1 s. Frames are `late`
    seconds late.
    """
    parts: list[Part] = []
    for batch in range(round(begin * 10), round(end * 10)):
        items: list[Sample | TrackInfo] = []
        if sound:
            items += [
                sound_sample(START * 8 // 15 + batch * 4_800 + n * 960, epoch=epoch)
                for n in range(5)
            ]
        if picture:
            moments = [START + batch * 9_000 + n * 3_000 - round(late * SCALE) for n in range(3)]
            first = batch == round(begin * 10) and begin == round(begin)
            items += [
                video_sample(at, key=at % (2 * SCALE) == 0 or (first and n == 0), epoch=epoch)
                for n, at in enumerate(moments)
            ]
        parts += muxer.encode(muxer.receive(items, START + (batch + 1) * 9_000))
    return parts


def begun() -> EncodingMuxer:
    muxer = EncodingMuxer()
    muxer.encode(muxer.receive([video_track()], START))
    return muxer


def seconds(parts: list[Part]) -> float:
    return sum(part.duration for part in parts) / SCALE


def test_a_plain_live_is_in_parts_a_tenth_of_a_second_after_it_came() -> None:
    parts = live(begun(), 0, 10)
    assert 9.3 < seconds(parts) < 10 and all(part.data for part in parts)


def test_pictures_that_are_always_late_are_all_there() -> None:
    parts = live(begun(), 0, 10, late=1.5)
    assert seconds(parts) > 9.3 - 1.5 + 1.5 - 0.5 and not any(part.gap for part in parts)
    assert sum(part.independent for part in parts) >= 4, "the pictures were left out"


def test_without_sound_silence_takes_its_place() -> None:
    parts = live(begun(), 0, 6, sound=False)
    assert seconds(parts) > 4.5 and all(part.data for part in parts)


def test_a_stalled_picture_leaves_the_sound_and_asks_for_an_idr() -> None:
    muxer = begun()
    before = live(muxer, 0, 3)
    stalled = live(muxer, 3, 6, picture=False)
    assert muxer.wants_key
    assert seconds(before) + seconds(stalled) > 6 - STARVED / SCALE - 0.6 and not any(
        part.gap for part in stalled
    )
    after = live(muxer, 6, 9)
    assert seconds([*before, *stalled, *after]) > 8.2 and any(part.independent for part in after)


def test_absence_is_a_gap_and_ends_with_an_idr() -> None:
    muxer = begun()
    live(muxer, 0, 3)
    gone = live(muxer, 3, 8, sound=False, picture=False)
    gaps = [part for part in gone if part.gap]
    assert 5 - AWAY / SCALE - 0.4 < seconds(gaps) + 1
    assert muxer.wants_key
    back = live(muxer, 8, 11, epoch=2)
    assert back[0].start is None or back[0].start.discontinuity
    assert [part for part in back if part.start][0].start is not None and seconds(
        [part for part in back if part.data]
    ) > 2.3


def test_an_idr_is_asked_for_once_near_the_end_of_a_segment() -> None:
    muxer, asked = begun(), []
    for batch in range(10, 29):
        live(muxer, batch / 10, (batch + 1) / 10)
        if muxer.wants_key:
            asked.append(batch)
    assert asked[-1] in (26, 27) and len([batch for batch in asked if batch > 11]) == 1


def test_the_end_brings_what_is_left() -> None:
    muxer = begun()
    parts = live(muxer, 0, 3)
    assert seconds(parts + muxer.encode(muxer.end())) > 2.9


def test_a_lost_encoder_costs_no_part() -> None:
    """The lost packets become silence, and the parts are as long as without the loss."""
    muxer = begun()
    parts = live(muxer, 0, 3)
    muxer.receive([sound_sample((START + 3 * SCALE) * 8 // 15 + n * 960) for n in range(5)], START)
    parts += muxer.encode(muxer.replace())
    parts += live(muxer, 3.1, 10)
    assert 9.3 < seconds(parts) < 10 and all(part.data for part in parts)
