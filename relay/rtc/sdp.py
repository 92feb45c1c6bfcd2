"""Offers read, answers written (RFC 8866, RFC 8829, RFC 9725 §4.2). Reading is aiortc's parser behind a fence."""

import re
from dataclasses import dataclass

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.sdp import MediaDescription, SessionDescription

from relay.errors import OfferError

MAX_LINES = 1_000
"""Chromium's longest offers have some 300; aiortc's parser takes quadratic time."""

TRANSPORT_WIDE = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
"""Name of the header extension with transport-wide sequence numbers."""
SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
"""Name of the one with the moment of sending, for senders whose path we have to judge."""

_H264_PROFILES = ("42e0", "42c0", "4200", "4d", "64")
"""Constrained Baseline first: every encoder has it and no decoder has to reorder."""
_VP8_LIMITS = "max-fr=30;max-fs=3600"
"""RFC 7741 §6.1, frames a second and macroblocks of a frame: 720p. It has to be transcoded."""

TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+./:^_`{|}~=-]{1,256}\Z")


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
class Remote:
    """The transport that an offer describes: one, on which everything is bundled."""

    ufrag: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]
    passive: bool
    """The offerer insists on being the DTLS server."""


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
    """Reads a publisher's offer. Raises OfferError: 400 for what is no SDP, 422 for SDP that cannot be used, 406 for codecs we do not take."""
    session = parse_session(text)
    videos = [media for media in session.media if media.kind == "video"]
    audios = [media for media in session.media if media.kind == "audio"]
    if not videos:
        raise OfferError(422, "the offer has no video: add a camera or screen track")
    if len(videos) > 1 or len(audios) > 1 or len(session.media) > len(videos) + len(audios):
        raise OfferError(422, "offer one video and at most one audio track, and nothing else")
    bundled = bundle_only(text)
    media = tuple(_accept(item, index, bundled) for index, item in enumerate(session.media))
    if len({item.mid for item in media}) < len(media):
        raise OfferError(422, "two media sections with one mid")
    remote = remote_of(session, bundled)
    return Offer(remote.ufrag, remote.password, remote.fingerprints, remote.passive, media)


def remote_of(session: SessionDescription, bundled: set[int]) -> Remote:
    """The transport of a session with at least one m-section, on which all are bundled. `bundled`: those of `bundle_only`. Raises OfferError (422)."""
    first = session.media[0]
    ufrag, password = first.ice.usernameFragment if first.ice else None, first.ice.password if first.ice else None
    if not ufrag or not password or not TOKEN.match(ufrag) or not TOKEN.match(password):
        raise OfferError(422, "the offer has no ICE user name and password")
    own = {index: (item.ice.usernameFragment, item.ice.password) if item.ice else (None, None) for index, item in enumerate(session.media)}
    if any(words != (ufrag, password) and not (index in bundled and words == (None, None)) for index, words in own.items()):
        raise OfferError(422, "the media are not bundled on one transport")
    fingerprints = tuple((item.algorithm, item.value) for item in first.dtls.fingerprints) if first.dtls else ()
    if first.dtls is None or not any(algorithm.lower() in ("sha-256", "sha-384", "sha-512") for algorithm, _ in fingerprints):
        raise OfferError(422, "the offer has no DTLS fingerprint (sha-256)")
    # aiortc names our role: "server" where the offer says active.
    return Remote(ufrag, password, fingerprints, first.dtls.role == "server")


def parse_session(text: str) -> SessionDescription:
    """What aiortc's parser makes of it. Raises OfferError (400)."""
    if not text.startswith("v=0"):
        raise OfferError(400, "the body is not an SDP offer: it must begin with v=0")
    if text.count("\n") > MAX_LINES:
        raise OfferError(400, f"the offer has more than {MAX_LINES} lines")
    try:
        return SessionDescription.parse(text)
    except Exception as error:  # its parser asserts, and lets StopIteration, KeyError and ValueError through
        raise OfferError(400, f"the SDP is malformed ({type(error).__name__})") from error


def bundle_only(text: str) -> set[int]:
    """Which sections are there only as part of the bundle (RFC 8843 §6): their port is 0, and they need no ICE parameters of their own.

    So Firefox offers all but the first with the policy max-bundle. aiortc's parser drops the attribute.
    """
    sections = re.split(r"^m=", text, flags=re.MULTILINE)[1:]
    return {index for index, section in enumerate(sections) if re.search(r"^a=bundle-only\s*$", section, re.MULTILINE)}


def _accept(media: MediaDescription, index: int, bundled: set[int]) -> MediaOffer:
    if media.direction in ("recvonly", "inactive"):
        raise OfferError(422, f"the {media.kind} of the offer is {media.direction}: a publisher must send")
    if media.port == 0 and index not in bundled:
        raise OfferError(422, f"the {media.kind} of the offer is switched off (port 0)")
    mid = media.rtp.muxId or str(index)
    if not TOKEN.match(mid):
        raise OfferError(422, "a mid that is no token")
    if media.kind == "audio":
        for codec in media.rtp.codecs:
            if codec.name.lower() == "opus" and codec.clockRate == 48_000 and codec.payloadType is not None:
                transport_id = _transport_id(media, codec)
                feedback = ("transport-cc",) if transport_id else ()
                return MediaOffer("audio", mid, codec.payloadType, None, "opus", "minptime=10;useinbandfec=1", feedback, codec.channels or 2, transport_id)
        raise OfferError(406, "the audio of the offer has no Opus: enable Opus, or publish without sound")
    return _accept_video(media, mid)


def _accept_video(media: MediaDescription, mid: str) -> MediaOffer:
    ranked = [(rank, codec) for codec in media.rtp.codecs if codec.payloadType is not None and (rank := _rank(codec)) is not None]
    if not ranked:
        names = ", ".join(sorted({codec.name for codec in media.rtp.codecs if codec.name.lower() not in ("rtx", "red", "ulpfec", "flexfec-03")}))
        raise OfferError(406, f"this server takes H.264 and VP8 video; the offer has {names or 'no codec'}")
    _, chosen = min(ranked, key=lambda entry: entry[0])
    payload_type, name, parameters = chosen.payloadType, chosen.name.upper(), _VP8_LIMITS
    assert payload_type is not None
    if name == "H264":
        profile = _profile(chosen)
        if not re.fullmatch(r"[0-9a-f]{6}", profile):
            raise OfferError(422, "profile-level-id is not six hexadecimal digits")
        parameters = f"level-asymmetry-allowed=1;packetization-mode={_mode(chosen)};profile-level-id={profile}"
    rtx = next((codec.payloadType for codec in media.rtp.codecs if codec.name.lower() == "rtx" and codec.parameters.get("apt") == payload_type), None)
    offered = _feedback(chosen)
    transport_id = _transport_id(media, chosen)
    feedback = tuple(item for item in ("nack", "nack pli", "goog-remb") if item in offered) + (("transport-cc",) if transport_id else ())
    send_time_id = _extension(media, SEND_TIME) if "goog-remb" in feedback and not transport_id else 0
    return MediaOffer("video", mid, payload_type, rtx, name, parameters, feedback, transport_id=transport_id, send_time_id=send_time_id)


def _rank(codec: RTCRtpCodecParameters) -> tuple[int, int] | None:
    """How welcome a codec is, the least most; None where we do not take it. H.264 goes to viewers as it comes, VP8 has to be transcoded."""
    if codec.name.upper() == "VP8":
        return 2, 0
    if codec.name.upper() == "H264" and _mode(codec) in ("0", "1"):
        profile = _profile(codec)
        rank = next((rank for rank, prefix in enumerate(_H264_PROFILES) if profile.startswith(prefix)), len(_H264_PROFILES))
        # RFC 6184 §6: mode 0 is mode 1 without fragments and aggregates.
        return int(_mode(codec) == "0"), rank
    return None


def _mode(codec: RTCRtpCodecParameters) -> str:
    return str(codec.parameters.get("packetization-mode", 0))


def _profile(codec: RTCRtpCodecParameters) -> str:
    return str(codec.parameters.get("profile-level-id", "42e01f")).lower()


def _feedback(codec: RTCRtpCodecParameters) -> set[str]:
    return {f"{item.type} {item.parameter}" if item.parameter else item.type for item in codec.rtcpFeedback}


def _transport_id(media: MediaDescription, codec: RTCRtpCodecParameters) -> int:
    return _extension(media, TRANSPORT_WIDE) if "transport-cc" in _feedback(codec) else 0


def _extension(media: MediaDescription, uri: str) -> int:
    # RFC 8285 §5, §7: 1 to 14 in headers of one byte, to 255 in those of two; larger numbers stand for a choice that we do not take part in.
    return next((item.id for item in media.rtp.headerExtensions if item.uri == uri and 0 < item.id < 256), 0)


def write_answer(offer: Offer, answer: Answer) -> str:
    """The SDP answer of a receiver that is an ICE-lite agent on one address and port per candidate."""
    mids = " ".join(media.mid for media in offer.media)
    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=microlive", "t=0 0", "a=ice-lite", f"a=group:BUNDLE {mids}", "a=msid-semantic:WMS *"]
    # With BUNDLE the first section's candidates are everybody's, but aiortc as a client looks at the last section only.
    candidates = [candidate(number, host, answer.port) for number, host in enumerate(answer.hosts)]
    for media in offer.media:
        lines += [*_write_media(media, offer, answer), *candidates, "a=end-of-candidates"]
    return "\r\n".join(lines) + "\r\n"


def _write_media(media: MediaOffer, offer: Offer, answer: Answer) -> list[str]:
    payload_types = [media.payload_type] if media.rtx_payload_type is None else [media.payload_type, media.rtx_payload_type]
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
    rate = f"x-google-start-bitrate={answer.start_bitrate // 1000};x-google-max-bitrate={answer.max_bitrate // 1000}"
    # libwebrtc takes this for the bound of its estimate of the whole path, and lets the encoder have some 70 % of an estimate that stands at its bound.
    lines.insert(2, f"b=TIAS:{answer.max_bitrate * 3 // 2}")
    lines += [f"a=rtpmap:{media.payload_type} {media.codec}/90000", *feedback]
    lines += [f"a=fmtp:{media.payload_type} {media.parameters};{rate}"]
    if media.rtx_payload_type is not None:
        lines += [f"a=rtpmap:{media.rtx_payload_type} rtx/90000", f"a=fmtp:{media.rtx_payload_type} apt={media.payload_type}"]
    return lines


def candidate(number: int, host: str, port: int) -> str:
    """The `number`th host candidate, counted from 0."""
    # RFC 8445 §5.1.2.1: type preference 126 (host), a local preference that keeps our order, component 1.
    priority = (126 << 24) | ((65_535 - number) << 8) | 255
    return f"a=candidate:{number + 1} 1 udp {priority} {host} {port} typ host"
