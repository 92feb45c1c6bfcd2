"""Parses a WHEP player's offer and writes the sender's answer (draft-ietf-wish-whep §4.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from aiortc.sdp import MediaDescription

from relay.rtc import sdp
from relay.rtc.answer import (
    write_candidates,
    write_codec,
    write_sections,
    write_session,
    write_transport,
)
from relay.rtc.send import playout_delay


@dataclass(frozen=True, slots=True)
class PlaySection(sdp.MediaSection):
    """One accepted media section of a player's offer."""

    playout_delay_id: int = 0
    """Number of the header extension `playout-delay`; 0 if it is not offered."""


@dataclass(frozen=True, slots=True)
class PlayOffer(sdp.Remote):
    """The accepted part of a player's offer."""

    media: tuple[PlaySection, ...]
    """The accepted media sections, in the order of the offer."""
    rejected: tuple[sdp.RejectedSection, ...]
    """The media sections that the answer rejects, in the order of the offer."""

    def find(self, kind: str) -> PlaySection | None:
        return next((media for media in self.media if media.kind == kind), None)


@dataclass(frozen=True, slots=True)
class PlayAnswer(sdp.Local):
    """The contents of an SDP answer: the server's end of the transport, and the media stream that
    the server sends.
    """

    ssrcs: dict[str, int]
    """SSRCs by name: `video`, `audio`, and `rtx` for retransmissions of video."""
    stream: str
    """Name of the media stream that contains the video and the audio."""


def parse_play_offer(text: str, codec: str) -> PlayOffer:
    """Parses a player's offer. The first video section and the first audio section that can receive
    are accepted; all other sections are rejected one by one. `codec`: RFC 6381 codec string of the
    stream's video. The H.264 profile in this string is preferred.

    Raises OfferError: 400 (not SDP), 422 (unusable SDP), 406 (no H.264 or no Opus).
    """
    session = sdp.parse_session(text)
    bundled = sdp.bundle_only(text)
    enabled = [media for index, media in enumerate(session.media) if media.port or index in bundled]
    wanted = [found for kind in ("video", "audio") if (found := _choose(enabled, kind))]
    if not wanted:
        raise sdp.unusable("the offer has neither video nor audio: add a recvonly transceiver")
    profile = codec.partition(".")[2][:4].lower()
    remote, media, rejected = sdp.accept_sections(
        session, bundled, wanted, partial(_accept, profile)
    )
    return PlayOffer(
        remote.ufrag, remote.password, remote.fingerprints, remote.passive, media, rejected
    )


def _choose(sections: Sequence[MediaDescription], kind: str) -> MediaDescription | None:
    """Returns the first section of this kind that can receive. If none can, returns the first, so
    that `_accept` names its direction. Returns None if there is no section of this kind.
    """
    found = [media for media in sections if media.kind == kind]
    return next((media for media in found if _receives(media)), next(iter(found), None))


def _receives(media: MediaDescription) -> bool:
    # draft-ietf-wish-whep §4.2: players should offer recvonly and may offer sendrecv.
    return media.direction in ("recvonly", "sendrecv")


def _accept(profile: str, media: MediaDescription, mid: str) -> PlaySection:
    if not _receives(media):
        raise sdp.unusable(
            f"the offer's {media.kind} section is {media.direction}: a player must offer recvonly; "
            "to publish, POST to the WHIP URL"
        )
    return (
        _accept_video(profile, media, mid) if media.kind == "video" else _accept_audio(media, mid)
    )


def _accept_audio(media: MediaDescription, mid: str) -> PlaySection:
    codec = sdp.opus_in(media)
    if codec is None or codec.payloadType is None:
        raise sdp.no_common_codec(
            "the offer's audio has no Opus, the only audio codec of this server"
        )
    return PlaySection("audio", mid, codec.payloadType, None, sdp.OPUS_PARAMETERS, ())


def _accept_video(profile: str, media: MediaDescription, mid: str) -> PlaySection:
    preferred = (profile, *sdp.H264_PROFILES)
    ranked = [
        (sdp.profile_rank(codec, preferred), codec.payloadType, codec)
        for codec in media.rtp.codecs
        if codec.payloadType is not None
        and codec.name.upper() == "H264"
        and sdp.packetization_mode(codec) == "1"
    ]
    if not ranked:
        raise sdp.no_common_codec(
            "the offer's video has no H.264 with packetization-mode 1, the only video of this "
            "server: play over WebSocket or HLS"
        )
    _, payload_type, chosen = min(ranked, key=lambda entry: entry[0])
    offered = sdp.feedback_of(chosen)
    feedback = tuple(item for item in ("nack", "nack pli", "ccm fir") if item in offered)
    parameters = (
        "level-asymmetry-allowed=1;packetization-mode=1"
        f";profile-level-id={sdp.valid_profile_of(chosen)}"
    )
    rtx = sdp.rtx_of(media, payload_type)
    extension = sdp.extension_in(media, playout_delay.URI, playout_delay.NUMBER_MAX)
    return PlaySection("video", mid, payload_type, rtx, parameters, feedback, extension)


def write_play_answer(offer: PlayOffer, answer: PlayAnswer) -> str:
    """Returns the SDP answer of the server as a sender and ICE-lite agent."""
    lines = write_session(offer.media, answer.stream)

    def write(media: PlaySection) -> list[str]:
        rtpmap = "opus/48000/2" if media.kind == "audio" else "H264/90000"
        return [
            *write_transport(media, "sendonly", offer, answer),
            f"a=msid:{answer.stream} {media.kind}",
            *_write_extensions(media),
            *write_codec(media, rtpmap, media.parameters),
            *_write_sources(media, answer),
            *write_candidates(answer),
        ]

    lines += write_sections(offer.media, offer.rejected, write)
    return "\r\n".join(lines) + "\r\n"


def _write_extensions(media: PlaySection) -> list[str]:
    number = media.playout_delay_id
    return [f"a=extmap:{number}/sendonly {playout_delay.URI}"] if number else []


def _write_sources(media: PlaySection, answer: PlayAnswer) -> list[str]:
    ssrc = answer.ssrcs[media.kind]
    if media.rtx_payload_type is None:
        return [f"a=ssrc:{ssrc} cname:microlive"]
    rtx = answer.ssrcs["rtx"]
    return [
        f"a=ssrc-group:FID {ssrc} {rtx}",
        f"a=ssrc:{ssrc} cname:microlive",
        f"a=ssrc:{rtx} cname:microlive",
    ]
