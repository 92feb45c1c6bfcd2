"""Reads the SDP offers of both publishers and WHEP players (RFC 8866, RFC 8829).

aiortc parses offers; this module checks the parsed result.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.sdp import MediaDescription, SessionDescription

from relay.errors import OfferError, RefusalCode

MAX_LINES = 1_000
"""Maximum number of lines in an offer. The limit is necessary because the time that aiortc's parser
takes grows with the square of this number. Chromium's longest offers have about 300 lines.
"""
MAX_SECTIONS = 64
"""Maximum number of media sections in an offer, including those that the answer rejects."""

H264_PROFILES = ("42e0", "42c0", "4200", "4d", "64")
"""Prefixes of `profile-level-id` in order of preference. Constrained Baseline comes first: every
encoder supports it, and it has no B-frames.
"""
OPUS_PARAMETERS = "minptime=10;useinbandfec=1"
"""Value of `fmtp` for Opus in an answer (RFC 7587 §6.1). It requests short packets that each
contain a copy of the previous packet's audio.
"""

TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+./:^_`{|}~=-]{1,256}\Z")


@dataclass(frozen=True, slots=True)
class Remote:
    """The peer's end of the transport, as described in the offer. All media sections share the
    transport (BUNDLE).
    """

    ufrag: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]
    passive: bool
    """Whether the peer requires the role of the DTLS server for itself."""


@dataclass(frozen=True, slots=True)
class Local:
    """The server's end of the shared transport, as described in the answer."""

    ufrag: str
    password: str
    fingerprint: str
    """Fingerprint of the certificate, in the form `sha-256 AB:…`."""
    hosts: tuple[str, ...]
    """Addresses for the candidates, in order of preference."""
    port: int


@dataclass(frozen=True, slots=True)
class MediaSection:
    """One accepted media section (`m=`)."""

    kind: str
    mid: str
    payload_type: int
    rtx_payload_type: int | None
    parameters: str
    """Value of `fmtp` in the answer: parameters from the offer, and limits of the server."""
    feedback: tuple[str, ...]
    """Values of `rtcp-fb` in the offer that the answer accepts."""


@dataclass(frozen=True, slots=True)
class RejectedSection:
    """A media section that the answer rejects with port 0 (RFC 3264 §6). The answer repeats the
    strings.
    """

    index: int
    """Position among all media sections of the offer, counted from 0."""
    kind: str
    mid: str
    protocol: str
    format: str


Section = TypeVar("Section", bound=MediaSection)


def not_sdp(reason: str) -> OfferError:
    return OfferError(400, RefusalCode.NOT_SDP, reason)


def unusable(reason: str) -> OfferError:
    return OfferError(422, RefusalCode.UNUSABLE_OFFER, reason)


def no_common_codec(reason: str) -> OfferError:
    return OfferError(406, RefusalCode.NO_COMMON_CODEC, reason)


def parse_session(text: str) -> SessionDescription:
    """Parses an offer. Raises OfferError: 400 (not SDP), 422 (too many media sections)."""
    if not text.startswith("v=0"):
        raise not_sdp("the body is not an SDP offer: it must begin with v=0")
    lines = text.splitlines()  # as aiortc's parser does
    if sum(line.startswith("m=") for line in lines) > MAX_SECTIONS:
        raise unusable(f"the offer has more than {MAX_SECTIONS} media sections")
    if len(lines) > MAX_LINES:
        raise not_sdp(f"the offer has more than {MAX_LINES} lines")
    try:
        session = SessionDescription.parse(text)
    except Exception as error:  # AssertionError, StopIteration, KeyError, ValueError
        raise not_sdp(f"the SDP is malformed ({type(error).__name__})") from error
    direction = _session_direction(lines)
    for media in session.media:
        media.direction = media.direction or direction
    return session


def _session_direction(lines: Sequence[str]) -> str:
    """Returns the direction of media sections that state none (RFC 8866 §6.7). aiortc's parser
    drops it.
    """
    for line in lines:
        if line.startswith("m="):
            break
        if line.rstrip() in ("a=sendonly", "a=recvonly", "a=inactive"):
            return line.rstrip()[2:]
    return "sendrecv"


def accept_sections(
    session: SessionDescription,
    bundled: set[int],
    wanted: Sequence[MediaDescription],
    accept: Callable[[MediaDescription, str], Section],
) -> tuple[Remote, tuple[Section, ...], tuple[RejectedSection, ...]]:
    """Returns the transport, the accepted media sections and the rejected ones. `bundled`: the
    result of `bundle_only`. `wanted`: the sections to accept, at least one; the answer rejects all
    others. `accept(description, mid)` is called for each wanted section, and returns the accepted
    section.

    Raises OfferError.
    """
    mids = [mid_of(media, index) for index, media in enumerate(session.media)]
    if len(set(mids)) < len(mids):
        raise unusable("two media sections have the same mid: give each section its own mid")
    accepted, rejected, indexes = [], [], []
    for index, (media, mid) in enumerate(zip(session.media, mids, strict=True)):
        if media not in wanted:
            rejected.append(_reject(media, index, mid))
            continue
        if media.port == 0 and index not in bundled:
            raise unusable(f"the offer's {media.kind} section has port 0: enable or remove it")
        accepted.append(accept(media, mid))
        indexes.append(index)
    return remote_of(session, indexes, bundled), tuple(accepted), tuple(rejected)


def _reject(media: MediaDescription, index: int, mid: str) -> RejectedSection:
    first_format = "".join(map(str, media.fmt[:1]))
    section = RejectedSection(index, media.kind, mid, media.profile, first_format)
    if not all(map(TOKEN.match, (section.kind, section.protocol, section.format))):
        raise not_sdp("an m= line of the offer has a part that is not a token (RFC 8866 §9)")
    return section


def remote_of(session: SessionDescription, accepted: Sequence[int], bundled: set[int]) -> Remote:
    """Returns the transport of the accepted media sections. `accepted`: their indexes, at least
    one. `bundled`: the result of `bundle_only`.

    If all accepted sections are bundle-only, their transport is described in the section that
    comes first in the bundle, even if the answer rejects this section.

    Raises OfferError (422).
    """
    credentials = [
        (media.ice.usernameFragment, media.ice.password) if media.ice else (None, None)
        for media in session.media
    ]
    first = next(
        (index for index in (*accepted, *range(len(credentials))) if all(credentials[index])),
        accepted[0],
    )
    ufrag, password = credentials[first]
    if not ufrag or not password or not TOKEN.match(ufrag) or not TOKEN.match(password):
        raise unusable("the offer has no valid ICE credentials (a=ice-ufrag, a=ice-pwd)")
    if any(
        credentials[index] != (ufrag, password)
        and not (index in bundled and credentials[index] == (None, None))
        for index in accepted
    ):
        raise unusable(
            "the media sections have different transports: offer them with bundlePolicy max-bundle"
        )
    dtls = session.media[first].dtls
    fingerprints = tuple((item.algorithm, item.value) for item in dtls.fingerprints) if dtls else ()
    if dtls is None or not any(
        algorithm.lower() in ("sha-256", "sha-384", "sha-512") for algorithm, _ in fingerprints
    ):
        raise unusable("the offer has no DTLS fingerprint: add a=fingerprint:sha-256")
    # aiortc translates the offer's a=setup:passive into the role "server".
    return Remote(ufrag, password, fingerprints, dtls.role == "server")


def bundle_only(text: str) -> set[int]:
    """Returns the indexes of the media sections with `a=bundle-only` (RFC 8843 §6). These sections
    have port 0 and need no ICE parameters.

    With bundlePolicy max-bundle, Firefox marks every section except the first as bundle-only.
    aiortc's parser drops the attribute.
    """
    found, index = set(), -1
    for line in text.splitlines():
        if line.startswith("m="):
            index += 1
        elif line.rstrip() == "a=bundle-only":
            found.add(index)
    return found


def mid_of(media: MediaDescription, index: int) -> str:
    """Returns the mid of a media section. Raises OfferError (422)."""
    mid = media.rtp.muxId or str(index)
    if not TOKEN.match(mid):
        raise unusable("an a=mid of the offer is not a token (RFC 8866 §9)")
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
    """Returns the payload type of a codec's retransmissions (RFC 4588 §8.1); None if the offer has
    no retransmissions for the codec.
    """
    return next(
        (
            codec.payloadType
            for codec in media.rtp.codecs
            if codec.name.lower() == "rtx" and codec.parameters.get("apt") == payload_type
        ),
        None,
    )


def extension_in(media: MediaDescription, uri: str, most: int) -> int:
    """Returns the number of a header extension; 0 if the extension is not offered with a number
    from 1 to `most`.
    """
    return next(
        (item.id for item in media.rtp.headerExtensions if item.uri == uri and 0 < item.id <= most),
        0,
    )


def feedback_of(codec: RTCRtpCodecParameters) -> set[str]:
    """Returns the codec's `rtcp-fb` values."""
    return {
        f"{item.type} {item.parameter}" if item.parameter else item.type
        for item in codec.rtcpFeedback
    }


def packetization_mode(codec: RTCRtpCodecParameters) -> str:
    """Returns the codec's `packetization-mode` (RFC 6184 §8.1)."""
    return str(codec.parameters.get("packetization-mode", 0))


def profile_of(codec: RTCRtpCodecParameters) -> str:
    """Returns the codec's `profile-level-id` (RFC 6184 §8.1) in lower case, not validated."""
    return str(codec.parameters.get("profile-level-id", "42e01f")).lower()


def profile_rank(codec: RTCRtpCodecParameters, preferred: Sequence[str]) -> int:
    """Returns the position of the first prefix in `preferred` that matches the codec's profile. If
    no prefix matches, returns the number of prefixes.
    """
    profile = profile_of(codec)
    return next(
        (rank for rank, prefix in enumerate(preferred) if prefix and profile.startswith(prefix)),
        len(preferred),
    )


def valid_profile_of(codec: RTCRtpCodecParameters) -> str:
    """Returns the codec's `profile-level-id`. Raises OfferError (422) if it is malformed."""
    profile = profile_of(codec)
    if not re.fullmatch(r"[0-9a-f]{6}", profile):
        raise unusable("the offer's profile-level-id is not six hexadecimal digits")
    return profile
