"""Offers read, answers written (RFC 8866, RFC 8829, RFC 9725 §4.2). Reading is aiortc's parser behind a fence."""

import re
from dataclasses import dataclass

from aiortc.sdp import MediaDescription, SessionDescription

from relay.errors import OfferError

MAX_LINES = 1_000
"""Chromium's longest offers have some 300; aiortc's parser takes quadratic time."""

TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+./:^_`{|}~=-]{1,256}\Z")


@dataclass(frozen=True, slots=True)
class MediaOffer:
    """One accepted m-section."""

    kind: str
    mid: str
    payload_type: int
    rtx_payload_type: int | None
    profile_level: str
    """H.264 `profile-level-id`; empty for audio."""
    feedback: tuple[str, ...]
    """`rtcp-fb` values that the offer has and we answer."""
    channels: int = 2


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
    """bit/s of video asked for."""
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
    media = tuple(_accept(item, index) for index, item in enumerate(session.media))
    if len({item.mid for item in media}) < len(media):
        raise OfferError(422, "two media sections with one mid")
    remote = remote_of(session)
    return Offer(remote.ufrag, remote.password, remote.fingerprints, remote.passive, media)


def remote_of(session: SessionDescription) -> Remote:
    """The bundled transport of a session with at least one m-section. Raises OfferError (422)."""
    first = session.media[0]
    ufrag, password = first.ice.usernameFragment if first.ice else None, first.ice.password if first.ice else None
    if not ufrag or not password or not TOKEN.match(ufrag) or not TOKEN.match(password):
        raise OfferError(422, "the offer has no ICE user name and password")
    if any(item.ice is None or (item.ice.usernameFragment, item.ice.password) != (ufrag, password) for item in session.media):
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


def _accept(media: MediaDescription, index: int) -> MediaOffer:
    if media.direction in ("recvonly", "inactive"):
        raise OfferError(422, f"the {media.kind} of the offer is {media.direction}: a publisher must send")
    if media.port == 0:
        raise OfferError(422, f"the {media.kind} of the offer is switched off (port 0)")
    mid = media.rtp.muxId or str(index)
    if not TOKEN.match(mid):
        raise OfferError(422, "a mid that is no token")
    if media.kind == "audio":
        for codec in media.rtp.codecs:
            if codec.name.lower() == "opus" and codec.clockRate == 48_000 and codec.payloadType is not None:
                return MediaOffer("audio", mid, codec.payloadType, None, "", (), codec.channels or 2)
        raise OfferError(406, "the audio of the offer has no Opus: enable Opus, or publish without sound")
    return _accept_h264(media, mid)


def _accept_h264(media: MediaDescription, mid: str) -> MediaOffer:
    # Constrained baseline first: every encoder has it and no decoder has to reorder.
    order = ("42e0", "42c0", "4200", "4d", "64")
    candidates = []
    for codec in media.rtp.codecs:
        if codec.payloadType is not None and codec.name.upper() == "H264" and str(codec.parameters.get("packetization-mode", 0)) == "1":
            profile = str(codec.parameters.get("profile-level-id", "42e01f")).lower()
            rank = next((rank for rank, prefix in enumerate(order) if profile.startswith(prefix)), len(order))
            candidates.append((rank, codec.payloadType, profile, codec))
    if not candidates:
        offered = ", ".join(sorted({codec.name for codec in media.rtp.codecs if codec.name.lower() not in ("rtx", "red", "ulpfec", "flexfec-03")}))
        raise OfferError(406, f"this server takes H.264 video (packetization-mode 1); the offer has {offered or 'no codec'}")
    _, payload_type, profile, chosen = min(candidates, key=lambda entry: entry[0])
    if not re.fullmatch(r"[0-9a-f]{6}", profile):
        raise OfferError(422, "profile-level-id is not six hexadecimal digits")
    rtx = next((codec.payloadType for codec in media.rtp.codecs if codec.name.lower() == "rtx" and codec.parameters.get("apt") == payload_type), None)
    offered_feedback = {f"{item.type} {item.parameter}" if item.parameter else item.type for item in chosen.rtcpFeedback}
    feedback = tuple(item for item in ("nack", "nack pli", "goog-remb") if item in offered_feedback)
    return MediaOffer("video", mid, payload_type, rtx, profile, feedback)


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
    if media.kind == "audio":
        return [*lines, f"a=rtpmap:{media.payload_type} opus/48000/{media.channels}", f"a=fmtp:{media.payload_type} minptime=10;useinbandfec=1"]
    rate = f"x-google-start-bitrate={answer.start_bitrate // 1000};x-google-max-bitrate={answer.max_bitrate // 1000}"
    lines.insert(2, f"b=TIAS:{answer.max_bitrate}")
    lines += [f"a=rtpmap:{media.payload_type} H264/90000"]
    lines += [f"a=rtcp-fb:{media.payload_type} {item}" for item in media.feedback]
    lines += [f"a=fmtp:{media.payload_type} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={media.profile_level};{rate}"]
    if media.rtx_payload_type is not None:
        lines += [f"a=rtpmap:{media.rtx_payload_type} rtx/90000", f"a=fmtp:{media.rtx_payload_type} apt={media.payload_type}"]
    return lines


def candidate(number: int, host: str, port: int) -> str:
    """The `number`th host candidate, counted from 0."""
    # RFC 8445 §5.1.2.1: type preference 126 (host), a local preference that keeps our order, component 1.
    priority = (126 << 24) | ((65_535 - number) << 8) | 255
    return f"a=candidate:{number + 1} 1 udp {priority} {host} {port} typ host"
