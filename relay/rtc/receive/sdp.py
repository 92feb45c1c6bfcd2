"""A publisher's offer read, and answered by a receiver (RFC 9725 §4.2)."""

from dataclasses import dataclass

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.sdp import MediaDescription

from relay.errors import OfferError, RefusalCode
from relay.rtc.sdp import (
    H264_PROFILES,
    OPUS_PARAMETERS,
    Remote,
    bundle_only,
    candidate,
    checked_profile,
    feedback_of,
    mid_of,
    opus_in,
    packetization_mode,
    parse_session,
    profile_of,
    remote_of,
    rtx_of,
)

TRANSPORT_WIDE = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
"""Name of the header extension with transport-wide sequence numbers."""
SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
"""Name of the one with the moment of sending, for senders whose path we have to judge."""

_VP8_LIMITS = "max-fr=30;max-fs=3600"
"""RFC 7741 §6.1, frames a second and macroblocks of a frame: 720p. It has to be transcoded."""


@dataclass(frozen=True, slots=True)
class MediaOffer:
    """One accepted m-section."""

    kind: str
    mid: str
    payload_type: int
    rtx_payload_type: int | None
    codec: str
    """Encoding name: `H264`, `VP8` or `opus`."""
    parameters: str
    """`fmtp` of the answer: what of the offer's has to be repeated, and our own limits."""
    feedback: tuple[str, ...]
    """`rtcp-fb` values that the offer has and we answer."""
    channels: int = 2
    transport_id: int = 0
    """Number of the header extension TRANSPORT_WIDE; 0 where that feedback is not offered."""
    send_time_id: int = 0
    """Number of SEND_TIME where it is offered, and REMB in place of that feedback; else 0."""


@dataclass(frozen=True, slots=True)
class Offer(Remote):
    """What a publisher offers, as far as it is accepted."""

    media: tuple[MediaOffer, ...]
    """In the order of the m-sections."""

    def find(self, kind: str) -> MediaOffer | None:
        return next((media for media in self.media if media.kind == kind), None)


@dataclass(frozen=True, slots=True)
class Answer:
    """Our side of the answer."""

    ufrag: str
    password: str
    fingerprint: str
    """`sha-256 AB:…`"""
    hosts: tuple[str, ...]
    """Addresses announced, most wanted first."""
    port: int
    max_bitrate: int
    """bit/s of video asked for; room for what comes on top of it is added."""
    start_bitrate: int
    """bit/s that the encoder may begin with, instead of libwebrtc's 300 kbit/s."""


def parse_offer(text: str) -> Offer:
    """Reads a publisher's offer. Raises OfferError: 400 for what is no SDP, 422 for SDP that cannot
    be used, 406 for codecs we do not take.
    """
    session = parse_session(text)
    videos = [media for media in session.media if media.kind == "video"]
    audios = [media for media in session.media if media.kind == "audio"]
    if not videos:
        raise OfferError(
            422, RefusalCode.NO_VIDEO, "the offer has no video: add a camera or screen track"
        )
    if len(videos) > 1 or len(audios) > 1 or len(session.media) > len(videos) + len(audios):
        raise OfferError(
            422,
            RefusalCode.UNUSABLE_OFFER,
            "offer one video and at most one audio track, and nothing else",
        )
    bundled = bundle_only(text)
    media = tuple(_accept(item, index, bundled) for index, item in enumerate(session.media))
    if len({item.mid for item in media}) < len(media):
        raise OfferError(422, RefusalCode.UNUSABLE_OFFER, "two media sections with one mid")
    remote = remote_of(session, bundled)
    return Offer(remote.ufrag, remote.password, remote.fingerprints, remote.passive, media)


def _accept(media: MediaDescription, index: int, bundled: set[int]) -> MediaOffer:
    if media.direction in ("recvonly", "inactive"):
        raise OfferError(
            422,
            RefusalCode.UNUSABLE_OFFER,
            f"the {media.kind} of the offer is {media.direction}: a publisher must send",
        )
    mid = mid_of(media, index, bundled)
    return _accept_video(media, mid) if media.kind == "video" else _accept_audio(media, mid)


def _accept_audio(media: MediaDescription, mid: str) -> MediaOffer:
    codec = opus_in(media)
    if codec is None or codec.payloadType is None:
        raise OfferError(
            406,
            RefusalCode.NO_COMMON_CODEC,
            "the audio of the offer has no Opus: enable Opus, or publish without sound",
        )
    transport_id = _transport_id(media, codec)
    feedback = ("transport-cc",) if transport_id else ()
    return MediaOffer(
        "audio",
        mid,
        codec.payloadType,
        None,
        "opus",
        OPUS_PARAMETERS,
        feedback,
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
        names = ", ".join(
            sorted(
                {
                    codec.name
                    for codec in media.rtp.codecs
                    if codec.name.lower() not in ("rtx", "red", "ulpfec", "flexfec-03")
                }
            )
        )
        raise OfferError(
            406,
            RefusalCode.NO_COMMON_CODEC,
            f"this server takes H.264 and VP8 video; the offer has {names or 'no codec'}",
        )
    _, chosen = min(ranked, key=lambda entry: entry[0])
    payload_type, name, parameters = chosen.payloadType, chosen.name.upper(), _VP8_LIMITS
    assert payload_type is not None
    if name == "H264":
        parameters = (
            f"level-asymmetry-allowed=1;packetization-mode={packetization_mode(chosen)}"
            f";profile-level-id={checked_profile(chosen)}"
        )
    rtx = rtx_of(media, payload_type)
    offered = feedback_of(chosen)
    transport_id = _transport_id(media, chosen)
    feedback = tuple(item for item in ("nack", "nack pli", "goog-remb") if item in offered) + (
        ("transport-cc",) if transport_id else ()
    )
    send_time_id = (
        _extension(media, SEND_TIME) if "goog-remb" in feedback and not transport_id else 0
    )
    return MediaOffer(
        "video",
        mid,
        payload_type,
        rtx,
        name,
        parameters,
        feedback,
        transport_id=transport_id,
        send_time_id=send_time_id,
    )


def _rank(codec: RTCRtpCodecParameters) -> tuple[int, int] | None:
    """How welcome a codec is, the least most; None where we do not take it. H.264 goes to viewers
    as it comes, VP8 has to be transcoded.
    """
    if codec.name.upper() == "VP8":
        return 2, 0
    if codec.name.upper() == "H264" and packetization_mode(codec) in ("0", "1"):
        profile = profile_of(codec)
        rank = next(
            (rank for rank, prefix in enumerate(H264_PROFILES) if profile.startswith(prefix)),
            len(H264_PROFILES),
        )
        # RFC 6184 §6: mode 0 is mode 1 without fragments and aggregates.
        return int(packetization_mode(codec) == "0"), rank
    return None


def _transport_id(media: MediaDescription, codec: RTCRtpCodecParameters) -> int:
    return _extension(media, TRANSPORT_WIDE) if "transport-cc" in feedback_of(codec) else 0


def _extension(media: MediaDescription, uri: str) -> int:
    # RFC 8285 §5, §7: 1 to 14 in headers of one byte, to 255 in those of two; larger numbers stand
    # for a choice that we do not take part in.
    return next(
        (item.id for item in media.rtp.headerExtensions if item.uri == uri and 0 < item.id < 256), 0
    )


def write_answer(offer: Offer, answer: Answer) -> str:
    """The SDP answer of a receiver that is an ICE-lite agent on one address and port per
    candidate.
    """
    mids = " ".join(media.mid for media in offer.media)
    lines = [
        "v=0",
        "o=- 1 1 IN IP4 0.0.0.0",
        "s=microlive",
        "t=0 0",
        "a=ice-lite",
        f"a=group:BUNDLE {mids}",
        "a=msid-semantic:WMS *",
    ]
    # With BUNDLE the first section's candidates are everybody's, but aiortc as a client looks at
    # the last section only.
    candidates = [candidate(number, host, answer.port) for number, host in enumerate(answer.hosts)]
    for media in offer.media:
        lines += [*_write_media(media, offer, answer), *candidates, "a=end-of-candidates"]
    return "\r\n".join(lines) + "\r\n"


def _write_media(media: MediaOffer, offer: Offer, answer: Answer) -> list[str]:
    payload_types = (
        [media.payload_type]
        if media.rtx_payload_type is None
        else [media.payload_type, media.rtx_payload_type]
    )
    lines = [
        f"m={media.kind} 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, payload_types))}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{media.mid}",
        "a=recvonly",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        f"a=ice-ufrag:{answer.ufrag}",
        f"a=ice-pwd:{answer.password}",
        f"a=fingerprint:{answer.fingerprint}",
        f"a=setup:{'active' if offer.passive else 'passive'}",
    ]
    if media.transport_id:
        lines.append(f"a=extmap:{media.transport_id} {TRANSPORT_WIDE}")
    if media.send_time_id:
        lines.append(f"a=extmap:{media.send_time_id} {SEND_TIME}")
    feedback = [f"a=rtcp-fb:{media.payload_type} {item}" for item in media.feedback]
    if media.kind == "audio":
        return [
            *lines,
            f"a=rtpmap:{media.payload_type} {media.codec}/48000/{media.channels}",
            *feedback,
            f"a=fmtp:{media.payload_type} {media.parameters}",
        ]
    rate = (
        f"x-google-start-bitrate={answer.start_bitrate // 1000}"
        f";x-google-max-bitrate={answer.max_bitrate // 1000}"
    )
    # libwebrtc takes this for the bound of its estimate of the whole path, and lets the encoder
    # have some 70 % of an estimate that stands at its bound.
    lines.insert(2, f"b=TIAS:{answer.max_bitrate * 3 // 2}")
    lines += [f"a=rtpmap:{media.payload_type} {media.codec}/90000", *feedback]
    lines += [f"a=fmtp:{media.payload_type} {media.parameters};{rate}"]
    if media.rtx_payload_type is not None:
        lines += [
            f"a=rtpmap:{media.rtx_payload_type} rtx/90000",
            f"a=fmtp:{media.rtx_payload_type} apt={media.payload_type}",
        ]
    return lines
