"""Durations of Opus packets, and silence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import BitstreamError
from relay.media import opus
from tests.fixtures import media


@pytest.mark.parametrize("application", ["audio", "voip", "lowdelay"])
@pytest.mark.parametrize("milliseconds", [5, 10, 20, 40, 60])
def test_duration_matches_the_decoder(milliseconds: int, application: str) -> None:
    """The duration in the TOC byte is the number of samples that libopus decodes."""
    packets = media.opus_packets(6, milliseconds=milliseconds, application=application)
    assert {opus.packet_ticks(packet) for packet in packets} == {48 * milliseconds}
    assert media.decode_opus(packets).shape[1] == sum(map(opus.packet_ticks, packets))


@pytest.mark.parametrize("bit_rate", [6_000, 12_000, 24_000, 64_000])
def test_duration_of_speech_modes(bit_rate: int) -> None:
    """SILK and hybrid packets, used at low bitrates, have other configuration numbers."""
    packets = media.opus_packets(10, milliseconds=60, application="voip", bit_rate=bit_rate)
    assert media.decode_opus(packets).shape[1] == sum(map(opus.packet_ticks, packets)) == 10 * 2_880


def test_silence_is_silent() -> None:
    """Each SILENCE packet decodes to 20 ms of zeros."""
    assert opus.packet_ticks(opus.SILENCE) == opus.SILENCE_TICKS == 960
    decoded = media.decode_opus([opus.SILENCE] * 5)
    assert decoded.shape == (2, 4_800)
    assert not decoded.any()


@pytest.mark.parametrize(("application", "bit_rate"), [("audio", 64_000), ("voip", 12_000)])
def test_concealment_keeps_the_audio_after_it(application: str, bit_rate: int) -> None:
    """One packet of a tone is lost and concealed: the tone continues through the gap, and has its
    level right after it.
    """
    tone = list(media.opus_packets(20, application=application, bit_rate=bit_rate))
    hidden = opus.concealment(tone[9])
    assert opus.packet_ticks(hidden) == opus.packet_ticks(tone[9])
    decoded = media.decode_opus([*tone[:10], hidden, *tone[11:]])

    def level(packet: int) -> float:
        return float(
            np.sqrt((decoded[0, packet * 960 : (packet + 1) * 960].astype(float) ** 2).mean())
        )

    assert decoded.shape[1] == 20 * 960
    assert level(10) > 0.5 * level(9) and level(12) > 0.25 * level(9)


def test_silence_between_real_packets_does_not_break_the_decoder() -> None:
    """Audio, silence and audio decode to all their samples; the tone decays at once."""
    tone = media.opus_packets(6)
    decoded = media.decode_opus([*tone[:3], *[opus.SILENCE] * 10, *tone[3:]])
    assert decoded.shape[1] == 16 * 960
    assert (
        np.abs(decoded[:, 5 * 960 : 13 * 960]).max()
        < 0.001
        < np.abs(decoded[:, 960 : 3 * 960]).max()
    )


@given(st.binary(max_size=80))
def test_any_packet_has_a_valid_duration_or_is_refused(packet: bytes) -> None:
    """Random bytes give 2.5 to 120 ms, or BitstreamError."""
    try:
        ticks = opus.packet_ticks(packet)
    except BitstreamError:
        return
    assert 120 <= ticks <= 5_760


@pytest.mark.parametrize(
    "packet",
    [b"", b"\xff", b"\xff\x00", b"\xff\x3f", b"\x1b\x03"],
    ids=["empty", "no frame count", "no frames", "63 frames", "180 ms"],
)
def test_what_the_rfc_forbids_is_refused(packet: bytes) -> None:
    """Empty packets, packets without frames, and packets longer than 120 ms (RFC 6716 §3.4)."""
    with pytest.raises(BitstreamError):
        opus.packet_ticks(packet)


def test_the_track_of_webrtc() -> None:
    """48 kHz stereo, no pre-skip, mapping family 0 (Opus in ISOBMFF §4.3.2)."""
    info = opus.track_info()
    assert (info.codec, info.channels) == ("opus", 2)
    assert info.config == bytes.fromhex("00 02 0000 0000bb80 0000 00")
