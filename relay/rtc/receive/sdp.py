"""Parses a publisher's offer and writes the receiver's answer (RFC 9725 §4.2)."""

import re
from dataclasses import dataclass

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.sdp import MediaDescription

from relay.errors import OfferError, RefusalCode
from relay.rtc import sdp
from relay.rtc.answer import (
    write_candidates,
    write_codec,
    write_sections,
    write_session,
    write_transport,
)

TRANSPORT_WIDE = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
"""URI of the header extension that carries transport-wide sequence numbers."""
SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
"""URI of the header extension that carries the send time. The server uses the send time if a sender
does not estimate the path itself.
"""

EXTENSION_MAX = 255
"""Largest number of a header extension: one-byte headers allow the numbers 1 to 14, two-byte
headers 1 to 255 (RFC 8285 §5, §7). Larger numbers offer alternatives, which this server does not
support.
"""
_MIXED = "a=extmap-allow-mixed"
"""Line for a receiver that accepts header extensions in both formats in one stream (RFC 8285
§6).
"""

_VP8_LIMITS = "max-fr=30;max-fs=3600"
"""Limits for a VP8 sender (RFC 7741 §6.1): 30 frames per second, and 3,600 macroblocks per frame
(720p). The limits are low because VP8 has to be transcoded.
"""


@dataclass(frozen=True, slots=True)
class MediaOffer(sdp.MediaSection):
    """One accepted media section of a publisher's offer."""

    codec: str
    """RTP encoding name: `H264`, `VP8` or `opus`."""
    channels: int = 2
    transport_id: int = 0
    """Number of the header extension TRANSPORT_WIDE; 0 if transport-wide feedback is not
    offered.
    """
    send_time_id: int = 0
    """Number of the header extension SEND_TIME; 0 unless REMB is used instead of transport-wide
    feedback.
    """


@dataclass(frozen=True, slots=True)
class Offer(sdp.Remote):
    """The accepted part of a publisher's offer."""

    media: tuple[MediaOffer, ...]
    """The accepted media sections, in the order of the offer."""
    rejected: tuple[sdp.RejectedSection, ...] = ()
    """The media sections that the answer rejects, in the order of the offer."""
    mixed: bool = False
    """Whether the offer, before its media sections, has the line `_MIXED`."""

    def find(self, kind: str) -> MediaOffer | None:
        return next((media for media in self.media if media.kind == kind), None)


@dataclass(frozen=True, slots=True)
class Answer(sdp.Local):
    """The contents of an SDP answer: the server's end of the transport, and bitrates for the
    publisher's encoder.
    """

    max_bitrate: int
    """Maximum video bitrate of the encoder, bit/s. The value of `b=TIAS` adds room for overhead."""
    start_bitrate: int
    """Bitrate at which the encoder may start, bit/s. libwebrtc alone would start at 300 kbit/s."""


def parse_offer(text: str) -> Offer:
    """Parses a publisher's offer. Sections without audio and video, such as data channels, are
    rejected one by one. Audio or video that cannot be taken refuses the offer, because a publisher
    must not believe that it is on air (RFC 9725 §4.4.3).

    Raises OfferError: 400 (not SDP), 422 (unusable SDP), 406 (no accepted codec).
    """
    session = sdp.parse_session(text)
    videos = [media for media in session.media if media.kind == "video"]
    audios = [media for media in session.media if media.kind == "audio"]
    if not videos:
        raise OfferError(
            422, RefusalCode.NO_VIDEO, "the offer has no video: add a camera or screen track"
        )
    wanted = [media for media in session.media if media.kind != "application"]
    if len(videos) > 1 or len(audios) > 1 or len(wanted) > len(videos) + len(audios):
        raise sdp.unusable("offer one video and at most one audio track, and no other media")
    bundled = sdp.bundle_only(text)
    remote, media, rejected = sdp.accept_sections(session, bundled, wanted, _accept)
    before_media = text.partition("\nm=")[0]
    mixed = re.search(rf"^{_MIXED}\s*$", before_media, re.MULTILINE) is not None
    return Offer(
        remote.ufrag,
        remote.password,
        remote.fingerprints,
        remote.passive,
        media,
        rejected,
        mixed,
    )


def _accept(media: MediaDescription, mid: str) -> MediaOffer:
    if media.direction in ("recvonly", "inactive"):
        raise sdp.unusable(
            f"the offer's {media.kind} section is {media.direction}: publishers must offer sendonly"
        )
    return _accept_video(media, mid) if media.kind == "video" else _accept_audio(media, mid)


def _accept_audio(media: MediaDescription, mid: str) -> MediaOffer:
    codec = sdp.opus_in(media)
    if codec is None or codec.payloadType is None:
        raise sdp.no_common_codec(
            "the offer's audio has no Opus: enable Opus, or publish without audio"
        )
    transport_id = _transport_id(media, codec)
    return MediaOffer(
        "audio",
        mid,
        codec.payloadType,
        None,
        sdp.OPUS_PARAMETERS,
        ("transport-cc",) if transport_id else (),
        "opus",
        codec.channels or 2,
        transport_id,
    )


def _accept_video(media: MediaDescription, mid: str) -> MediaOffer:
    ranked = [
        (rank, codec)
        for codec in media.rtp.codecs
        if codec.payloadType is not None and (rank := _rank(codec)) is not None
    ]
    if not ranked:
        raise sdp.no_common_codec(
            f"the offer's video has {_codec_names(media) or 'no codec'}: this server takes H.264 "
            "and VP8"
        )
    _, chosen = min(ranked, key=lambda entry: entry[0])
    payload_type, name, parameters = chosen.payloadType, chosen.name.upper(), _VP8_LIMITS
    assert payload_type is not None
    if name == "H264":
        parameters = (
            f"level-asymmetry-allowed=1;packetization-mode={sdp.packetization_mode(chosen)}"
            f";profile-level-id={sdp.valid_profile_of(chosen)}"
        )
    offered = sdp.feedback_of(chosen)
    transport_id = _transport_id(media, chosen)
    feedback: list[str] = [item for item in ("nack", "nack pli", "goog-remb") if item in offered]
    uses_remb = "goog-remb" in feedback and not transport_id
    if transport_id:
        feedback.append("transport-cc")
    return MediaOffer(
        "video",
        mid,
        payload_type,
        sdp.rtx_of(media, payload_type),
        parameters,
        tuple(feedback),
        name,
        transport_id=transport_id,
        send_time_id=sdp.extension_in(media, SEND_TIME, EXTENSION_MAX) if uses_remb else 0,
    )


def _codec_names(media: MediaDescription) -> str:
    names = {codec.name for codec in media.rtp.codecs}
    return ", ".join(
        sorted(name for name in names if name.lower() not in ("rtx", "red", "ulpfec", "flexfec-03"))
    )


def _rank(codec: RTCRtpCodecParameters) -> tuple[int, int] | None:
    """Returns the rank of a codec; None if the codec is not accepted. The codec with the lowest
    rank is preferred.

    H.264 is forwarded to viewers unchanged; VP8 has to be transcoded.
    """
    if codec.name.upper() == "VP8":
        return 2, 0
    if codec.name.upper() == "H264" and sdp.packetization_mode(codec) in ("0", "1"):
        # RFC 6184 §6: packetization-mode 0 is mode 1 without fragments and aggregates.
        return int(sdp.packetization_mode(codec) == "0"), sdp.profile_rank(codec, sdp.H264_PROFILES)
    return None


def _transport_id(media: MediaDescription, codec: RTCRtpCodecParameters) -> int:
    return (
        sdp.extension_in(media, TRANSPORT_WIDE, EXTENSION_MAX)
        if "transport-cc" in sdp.feedback_of(codec)
        else 0
    )


def write_answer(offer: Offer, answer: Answer) -> str:
    """Returns the SDP answer of the server as a receiver and ICE-lite agent."""
    lines = write_session(offer.media, "*")
    if offer.mixed:
        # Without this line, Chromium replaces its encoder whenever the studio probes the path.
        lines.append(_MIXED)

    def write(media: MediaOffer) -> list[str]:
        return [*_write_media(media, offer, answer), *write_candidates(answer)]

    lines += write_sections(offer.media, offer.rejected, write)
    return "\r\n".join(lines) + "\r\n"


def _write_media(media: MediaOffer, offer: Offer, answer: Answer) -> list[str]:
    lines = write_transport(media, "recvonly", offer, answer)
    if media.transport_id:
        lines.append(f"a=extmap:{media.transport_id} {TRANSPORT_WIDE}")
    if media.send_time_id:
        lines.append(f"a=extmap:{media.send_time_id} {SEND_TIME}")
    if media.kind == "audio":
        rtpmap = f"{media.codec}/48000/{media.channels}"
        return lines + write_codec(media, rtpmap, media.parameters)
    # libwebrtc uses b=TIAS as the upper limit of its bandwidth estimate for the whole path. The
    # encoder gets about 70 % of the estimate. Therefore b=TIAS is 1.5 times the encoder's maximum.
    lines.insert(2, f"b=TIAS:{answer.max_bitrate * 3 // 2}")
    parameters = (
        f"{media.parameters};x-google-start-bitrate={answer.start_bitrate // 1000}"
        f";x-google-max-bitrate={answer.max_bitrate // 1000}"
    )
    return lines + write_codec(media, f"{media.codec}/90000", parameters)
