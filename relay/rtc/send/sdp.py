"""A player's offer read, and answered by a sender (draft-ietf-wish-whep §4.2)."""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class PlayMedia:
    """One accepted m-section."""

    kind: str
    mid: str
    payload_type: int
    rtx_payload_type: int | None = None
    parameters: str = ""
    """`fmtp` of the answer."""
    feedback: tuple[str, ...] = ()
    """`rtcp-fb` values that the offer has and we answer."""


@dataclass(frozen=True, slots=True)
class PlayOffer(Remote):
    """What a player offers to receive, as far as it is accepted."""

    media: tuple[PlayMedia, ...]
    """In the order of the m-sections."""

    def find(self, kind: str) -> PlayMedia | None:
        return next((media for media in self.media if media.kind == kind), None)


@dataclass(frozen=True, slots=True)
class PlayAnswer:
    """Our side of the answer."""

    ufrag: str
    password: str
    fingerprint: str
    hosts: tuple[str, ...]
    port: int
    ssrcs: dict[str, int]
    """By kind; `rtx` is that of the video's retransmissions."""
    stream: str
    """Name of the media stream that both tracks belong to."""


def parse_play_offer(text: str, codec: str) -> PlayOffer:
    """Reads a player's offer. `codec`: RFC 6381 name of the stream's video, whose profile is looked
    for first.

    Raises OfferError: 400 for what is no SDP, 422 for SDP that cannot be used, 406 without H.264 or
    Opus.
    """
    session = parse_session(text)
    kinds = [media.kind for media in session.media]
    if not kinds or len(set(kinds)) < len(kinds) or not set(kinds) <= {"video", "audio"}:
        raise OfferError(
            422,
            RefusalCode.UNUSABLE_OFFER,
            "offer to receive one video, one audio, or both, and nothing else",
        )
    bundled = bundle_only(text)
    media = tuple(
        _accept(item, index, bundled, codec.partition(".")[2][:4].lower())
        for index, item in enumerate(session.media)
    )
    if len({item.mid for item in media}) < len(media):
        raise OfferError(422, RefusalCode.UNUSABLE_OFFER, "two media sections with one mid")
    remote = remote_of(session, bundled)
    return PlayOffer(remote.ufrag, remote.password, remote.fingerprints, remote.passive, media)


def _accept(media: MediaDescription, index: int, bundled: set[int], profile: str) -> PlayMedia:
    if media.direction != "recvonly":
        direction = media.direction or "sendrecv"
        raise OfferError(
            422,
            RefusalCode.UNUSABLE_OFFER,
            (
                f"the {media.kind} of the offer is {direction}: a player must offer recvonly; "
                "to publish, POST to the WHIP address"
            ),
        )
    mid = mid_of(media, index, bundled)
    if media.kind == "video":
        return _accept_h264(media, mid, profile)
    codec = opus_in(media)
    if codec is None or codec.payloadType is None:
        raise OfferError(
            406,
            RefusalCode.NO_COMMON_CODEC,
            "the audio of the offer has no Opus, the only sound there is here",
        )
    return PlayMedia("audio", mid, codec.payloadType, parameters=OPUS_PARAMETERS)


def _accept_h264(media: MediaDescription, mid: str, profile: str) -> PlayMedia:
    order = (profile, *H264_PROFILES)
    candidates = []
    for codec in media.rtp.codecs:
        if (
            codec.payloadType is not None
            and codec.name.upper() == "H264"
            and packetization_mode(codec) == "1"
        ):
            offered = profile_of(codec)
            rank = next(
                (
                    rank
                    for rank, prefix in enumerate(order)
                    if prefix and offered.startswith(prefix)
                ),
                len(order),
            )
            candidates.append((rank, codec.payloadType, codec))
    if not candidates:
        raise OfferError(
            406,
            RefusalCode.NO_COMMON_CODEC,
            (
                "the video of the offer has no H.264 with packetization-mode 1, the only "
                "picture there is here: play another way"
            ),
        )
    _, payload_type, chosen = min(candidates, key=lambda entry: entry[0])
    offers = feedback_of(chosen)
    feedback = tuple(item for item in ("nack", "nack pli", "ccm fir") if item in offers)
    parameters = (
        f"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={checked_profile(chosen)}"
    )
    return PlayMedia("video", mid, payload_type, rtx_of(media, payload_type), parameters, feedback)


def write_play_answer(offer: PlayOffer, answer: PlayAnswer) -> str:
    """The SDP answer of a sender that is an ICE-lite agent."""
    mids = " ".join(media.mid for media in offer.media)
    lines = [
        "v=0",
        "o=- 1 1 IN IP4 0.0.0.0",
        "s=microlive",
        "t=0 0",
        "a=ice-lite",
        f"a=group:BUNDLE {mids}",
        f"a=msid-semantic:WMS {answer.stream}",
    ]
    candidates = [candidate(number, host, answer.port) for number, host in enumerate(answer.hosts)]
    for media in offer.media:
        lines += [
            *_write_media(media, offer, answer),
            *_sources(media, answer),
            *candidates,
            "a=end-of-candidates",
        ]
    return "\r\n".join(lines) + "\r\n"


def _write_media(media: PlayMedia, offer: PlayOffer, answer: PlayAnswer) -> list[str]:
    rtx = media.rtx_payload_type
    payload_types = [media.payload_type] if rtx is None else [media.payload_type, rtx]
    name = "opus/48000/2" if media.kind == "audio" else "H264/90000"
    lines = [
        f"m={media.kind} 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, payload_types))}",
        "c=IN IP4 0.0.0.0",
        f"a=mid:{media.mid}",
        "a=sendonly",
        f"a=msid:{answer.stream} {media.kind}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        f"a=ice-ufrag:{answer.ufrag}",
        f"a=ice-pwd:{answer.password}",
        f"a=fingerprint:{answer.fingerprint}",
        f"a=setup:{'active' if offer.passive else 'passive'}",
        f"a=rtpmap:{media.payload_type} {name}",
        *(f"a=rtcp-fb:{media.payload_type} {item}" for item in media.feedback),
        f"a=fmtp:{media.payload_type} {media.parameters}",
    ]
    return (
        lines
        if rtx is None
        else [*lines, f"a=rtpmap:{rtx} rtx/90000", f"a=fmtp:{rtx} apt={media.payload_type}"]
    )


def _sources(media: PlayMedia, answer: PlayAnswer) -> list[str]:
    ssrc = answer.ssrcs[media.kind]
    if media.rtx_payload_type is None:
        return [f"a=ssrc:{ssrc} cname:microlive"]
    rtx = answer.ssrcs["rtx"]
    return [
        f"a=ssrc-group:FID {ssrc} {rtx}",
        f"a=ssrc:{ssrc} cname:microlive",
        f"a=ssrc:{rtx} cname:microlive",
    ]
