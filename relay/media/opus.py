"""Opus packets, as far as a relay must know them (RFC 6716 §3)."""

from relay.errors import BitstreamError
from relay.sample import Track, TrackInfo

RATE = 48_000

SILENCE = bytes((0xF8, 0xFF, 0xFE))
"""20 ms of silence: one CELT full-band mono frame that decodes to zeros."""

SILENCE_TICKS = 960

# RFC 6716 table 2: duration of one frame by configuration number, in 48 kHz ticks.
_FRAME_TICKS = (480, 960, 1920, 2880) * 3 + (480, 960) * 2 + (120, 240, 480, 960) * 4


def packet_ticks(packet: bytes) -> int:
    """Duration of a packet in 48 kHz ticks, from its TOC byte (RFC 6716 §3.1, §3.2).

    Raises BitstreamError on an empty packet or one longer than the 120 ms that the RFC allows.
    """
    if not packet:
        raise BitstreamError("empty Opus packet")
    toc = packet[0]
    code = toc & 3
    if code == 0:
        frames = 1
    elif code < 3:
        frames = 2
    elif len(packet) > 1:
        frames = packet[1] & 0x3F
    else:
        raise BitstreamError("Opus packet without its frame count")
    ticks = frames * _FRAME_TICKS[toc >> 3]
    if not 0 < ticks <= 5760:
        raise BitstreamError(f"Opus packet of {ticks} ticks")
    return ticks


def concealment(packet: bytes) -> bytes:
    """What stands in for a lost packet behind this one: its TOC byte with one frame of no length
    (RFC 6716 §3.2.1, §3.4).

    A decoder conceals it as it would a loss, and keeps what later packets are predicted from;
    SILENCE in its place would damage those as well.
    """
    return bytes((packet[0] & 0xFC,))


def track_info(channels: int = 2) -> TrackInfo:
    """The track that WebRTC's Opus always is: 48 kHz, and decodable as stereo whatever each packet
    holds (RFC 7587 §4.1).
    """
    # Version 0, channels, pre-skip 0 (a live join never starts at the encoder's start), input rate,
    # gain 0, mapping family 0.
    config = bytes((0, channels)) + (0).to_bytes(2, "big") + RATE.to_bytes(4, "big") + bytes(3)
    return TrackInfo(Track.AUDIO, "opus", config, channels=channels)
