"""Opus packets (RFC 6716 §3)."""

from relay.errors import BitstreamError
from relay.sample import Track, TrackInfo

RATE = 48_000

SILENCE = bytes((0xF8, 0xFF, 0xFE))
"""An Opus packet of 20 ms of silence: one CELT full-band mono frame that decodes to zeros."""

SILENCE_TICKS = 960

SHORT_SILENCE = bytes((0xE0, 0xFF, 0xFE))
"""An Opus packet of 2.5 ms of silence."""

SHORT_SILENCE_TICKS = 120

# RFC 6716 table 2: duration of one frame for each configuration number, in 48 kHz ticks.
_FRAME_TICKS = (480, 960, 1920, 2880) * 3 + (480, 960) * 2 + (120, 240, 480, 960) * 4


def packet_ticks(packet: bytes) -> int:
    """Returns the duration of a packet in 48 kHz ticks, read from its TOC byte (RFC 6716 §3.1,
    §3.2).

    Raises BitstreamError if the packet is empty, or longer than 120 ms, the limit of the RFC.
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
        raise BitstreamError("the Opus packet has no frame count")
    ticks = frames * _FRAME_TICKS[toc >> 3]
    if not 0 < ticks <= 5760:
        raise BitstreamError(f"the Opus packet has an invalid duration of {ticks} ticks")
    return ticks


def concealment(packet: bytes) -> bytes:
    """Returns a substitute for a lost packet that came after `packet`. The substitute is the TOC
    byte of `packet` with one frame of length 0 (RFC 6716 §3.2.1, §3.4).

    A decoder treats the substitute like a lost packet, and keeps the state from which it predicts
    later packets. A packet of SILENCE would replace that state.
    """
    return bytes((packet[0] & 0xFC,))


def track_info(channels: int = 2) -> TrackInfo:
    """Returns the audio track of WebRTC: Opus at 48 kHz. The default is stereo, because a stereo
    decoder also decodes mono packets (RFC 7587 §4.1).
    """
    # `dOps`: version 0, channels, pre-skip 0, input sample rate, gain 0, mapping family 0. The
    # pre-skip is 0, because viewers do not join at the encoder's start.
    config = bytes((0, channels)) + (0).to_bytes(2, "big") + RATE.to_bytes(4, "big") + bytes(3)
    return TrackInfo(Track.AUDIO, "opus", config, channels=channels)
