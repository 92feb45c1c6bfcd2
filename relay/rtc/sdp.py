"""What publishers' and players' SDP have in common (RFC 8866, RFC 8829). Reading is aiortc's parser
behind a fence.
"""

import re
from dataclasses import dataclass

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.sdp import MediaDescription, SessionDescription

from relay.errors import OfferError, RefusalCode

MAX_LINES = 1_000
"""Chromium's longest offers have some 300; aiortc's parser takes quadratic time."""

H264_PROFILES = ("42e0", "42c0", "4200", "4d", "64")
"""Constrained Baseline first: every encoder has it and no decoder has to reorder."""
OPUS_PARAMETERS = "minptime=10;useinbandfec=1"
"""`fmtp` of an answer (RFC 7587 §6.1): packets as short as they come, and loss made good from the
next one.
"""

TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+./:^_`{|}~=-]{1,256}\Z")


@dataclass(frozen=True, slots=True)
class Remote:
    """The transport that an offer describes: one, on which everything is bundled."""

    ufrag: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]
    passive: bool
    """The offerer insists on being the DTLS server."""


def remote_of(session: SessionDescription, bundled: set[int]) -> Remote:
    """The transport of a session with at least one m-section, on which all are bundled. `bundled`:
    those of `bundle_only`. Raises OfferError (422).
    """
    first = session.media[0]
    ufrag, password = (
        first.ice.usernameFragment if first.ice else None,
        first.ice.password if first.ice else None,
    )
    if not ufrag or not password or not TOKEN.match(ufrag) or not TOKEN.match(password):
        raise OfferError(
            422, RefusalCode.UNUSABLE_OFFER, "the offer has no ICE user name and password"
        )
    own = {
        index: (item.ice.usernameFragment, item.ice.password) if item.ice else (None, None)
        for index, item in enumerate(session.media)
    }
    if any(
        words != (ufrag, password) and not (index in bundled and words == (None, None))
        for index, words in own.items()
    ):
        raise OfferError(
            422, RefusalCode.UNUSABLE_OFFER, "the media are not bundled on one transport"
        )
    fingerprints = (
        tuple((item.algorithm, item.value) for item in first.dtls.fingerprints)
        if first.dtls
        else ()
    )
    if first.dtls is None or not any(
        algorithm.lower() in ("sha-256", "sha-384", "sha-512") for algorithm, _ in fingerprints
    ):
        raise OfferError(
            422, RefusalCode.UNUSABLE_OFFER, "the offer has no DTLS fingerprint (sha-256)"
        )
    # aiortc names our role: "server" where the offer says active.
    return Remote(ufrag, password, fingerprints, first.dtls.role == "server")


def parse_session(text: str) -> SessionDescription:
    """What aiortc's parser makes of it. Raises OfferError (400)."""
    if not text.startswith("v=0"):
        raise OfferError(
            400, RefusalCode.NOT_SDP, "the body is not an SDP offer: it must begin with v=0"
        )
    if text.count("\n") > MAX_LINES:
        raise OfferError(400, RefusalCode.NOT_SDP, f"the offer has more than {MAX_LINES} lines")
    try:
        return SessionDescription.parse(text)
    except (
        Exception
    ) as error:  # its parser asserts, and lets StopIteration, KeyError and ValueError through
        raise OfferError(
            400, RefusalCode.NOT_SDP, f"the SDP is malformed ({type(error).__name__})"
        ) from error


def bundle_only(text: str) -> set[int]:
    """Which sections are there only as part of the bundle (RFC 8843 §6): their port is 0, and they
    need no ICE parameters of their own.

    So Firefox offers all but the first with the policy max-bundle. aiortc's parser drops the
    attribute.
    """
    sections = re.split(r"^m=", text, flags=re.MULTILINE)[1:]
    return {
        index
        for index, section in enumerate(sections)
        if re.search(r"^a=bundle-only\s*$", section, re.MULTILINE)
    }


def mid_of(media: MediaDescription, index: int, bundled: set[int]) -> str:
    """The name of a section that is in use. `bundled`: those of `bundle_only`. Raises OfferError
    (422).
    """
    if media.port == 0 and index not in bundled:
        raise OfferError(
            422,
            RefusalCode.UNUSABLE_OFFER,
            f"the {media.kind} of the offer is switched off (port 0)",
        )
    mid = media.rtp.muxId or str(index)
    if not TOKEN.match(mid):
        raise OfferError(422, RefusalCode.UNUSABLE_OFFER, "a mid that is no token")
    return mid


def opus_in(media: MediaDescription) -> RTCRtpCodecParameters | None:
    return next(
        (
            codec
            for codec in media.rtp.codecs
            if codec.name.lower() == "opus"
            and codec.clockRate == 48_000
            and codec.payloadType is not None
        ),
        None,
    )


def rtx_of(media: MediaDescription, payload_type: int) -> int | None:
    """The payload type that a codec's retransmissions have (RFC 4588 §8.1)."""
    return next(
        (
            codec.payloadType
            for codec in media.rtp.codecs
            if codec.name.lower() == "rtx" and codec.parameters.get("apt") == payload_type
        ),
        None,
    )


def feedback_of(codec: RTCRtpCodecParameters) -> set[str]:
    """Its `rtcp-fb` values."""
    return {
        f"{item.type} {item.parameter}" if item.parameter else item.type
        for item in codec.rtcpFeedback
    }


def packetization_mode(codec: RTCRtpCodecParameters) -> str:
    """RFC 6184 §8.1."""
    return str(codec.parameters.get("packetization-mode", 0))


def profile_of(codec: RTCRtpCodecParameters) -> str:
    """The `profile-level-id` (RFC 6184 §8.1), which may be anything; in lower case."""
    return str(codec.parameters.get("profile-level-id", "42e01f")).lower()


def checked_profile(codec: RTCRtpCodecParameters) -> str:
    """The same. Raises OfferError (422) where it is none."""
    profile = profile_of(codec)
    if not re.fullmatch(r"[0-9a-f]{6}", profile):
        raise OfferError(
            422, RefusalCode.UNUSABLE_OFFER, "profile-level-id is not six hexadecimal digits"
        )
    return profile


def candidate(number: int, host: str, port: int) -> str:
    """The `number`th host candidate, counted from 0."""
    # RFC 8445 §5.1.2.1: type preference 126 (host), a local preference that keeps our order,
    # component 1.
    priority = (126 << 24) | ((65_535 - number) << 8) | 255
    return f"a=candidate:{number + 1} 1 udp {priority} {host} {port} typ host"
