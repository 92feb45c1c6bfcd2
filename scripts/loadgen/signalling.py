"""The client side of WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep).

Writes the offers of publishers and viewers. Parses the parts of the answer that the load generator
needs.
"""

import re
from dataclasses import dataclass
from urllib.parse import urljoin

import aiohttp

from relay.rtc.dtls import fingerprint
from relay.rtc.receive.sdp import TRANSPORT_WIDE

VIDEO_TYPE, RTX_TYPE, AUDIO_TYPE = 96, 97, 111
TRANSPORT_ID = 4
"""Identifier of the RTP header extension for transport-wide sequence numbers. Browsers use the same
identifier.
"""
TIMEOUT = aiohttp.ClientTimeout(total=15)


class Refused(Exception):
    """A WHIP or WHEP endpoint refused the offer. `status`: HTTP status of the answer; 0 if the
    client received no usable answer.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"HTTP {status}: {text}" if status else text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Accepted:
    """The parts of the server's WHIP or WHEP answer that the client needs."""

    session: str
    """URL of the session. A DELETE of this URL ends the session."""
    address: tuple[str, int]
    ufrag: str
    password: str
    fingerprint: tuple[str, str]
    """Fingerprint of the server's DTLS certificate: hash algorithm and value."""


def write_offer(ufrag: str, password: str, video_ssrc: int, audio_ssrc: int) -> str:
    """Returns an SDP offer to send one H.264 video track and one Opus audio track over one
    transport.
    """
    common = [
        *_common(ufrag, password, "sendonly"),
        "a=rtcp-rsize",
        f"a=extmap:{TRANSPORT_ID} {TRANSPORT_WIDE}",
    ]
    feedback = (
        f"a=rtcp-fb:{VIDEO_TYPE} {kind}"
        for kind in ("nack", "nack pli", "goog-remb", "transport-cc")
    )
    video = [*_video(VIDEO_TYPE, common), *feedback, f"a=ssrc:{video_ssrc} cname:load"]
    audio = [
        *_audio(common),
        f"a=rtcp-fb:{AUDIO_TYPE} transport-cc",
        f"a=ssrc:{audio_ssrc} cname:load",
    ]
    return _session(video, audio)


def write_viewer_offer(ufrag: str, password: str) -> str:
    """Returns an SDP offer to receive one H.264 video track, with retransmission, and one Opus
    audio track over one transport.
    """
    common = _common(ufrag, password, "recvonly")
    feedback = (f"a=rtcp-fb:{VIDEO_TYPE} {kind}" for kind in ("nack", "nack pli"))
    video = [
        *_video(f"{VIDEO_TYPE} {RTX_TYPE}", common),
        *feedback,
        f"a=rtpmap:{RTX_TYPE} rtx/90000",
        f"a=fmtp:{RTX_TYPE} apt={VIDEO_TYPE}",
    ]
    return _session(video, _audio(common))


def _common(ufrag: str, password: str, direction: str) -> list[str]:
    credentials = (
        f"a=ice-ufrag:{ufrag}",
        f"a=ice-pwd:{password}",
        f"a=fingerprint:{fingerprint()}",
    )
    return ["c=IN IP4 0.0.0.0", *credentials, "a=setup:actpass", f"a={direction}", "a=rtcp-mux"]


def _video(types: int | str, common: list[str]) -> list[str]:
    format_parameters = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
    described = (f"a=rtpmap:{VIDEO_TYPE} H264/90000", f"a=fmtp:{VIDEO_TYPE} {format_parameters}")
    return [f"m=video 9 UDP/TLS/RTP/SAVPF {types}", *common, "a=mid:0", *described]


def _audio(common: list[str]) -> list[str]:
    described = (
        f"a=rtpmap:{AUDIO_TYPE} opus/48000/2",
        f"a=fmtp:{AUDIO_TYPE} minptime=10;useinbandfec=1",
    )
    return [f"m=audio 9 UDP/TLS/RTP/SAVPF {AUDIO_TYPE}", *common, "a=mid:1", *described]


def _session(video: list[str], audio: list[str]) -> str:
    head = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE 0 1"]
    return "\r\n".join([*head, *video, *audio]) + "\r\n"


def _authorization(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


def read_answer(text: str, session: str) -> Accepted:
    """Parses an SDP answer. Raises Refused if this client cannot use the answer."""
    found = {
        name: re.search(rf"^a={name}:(\S+)(?: (\S+))?\s*$", text, re.MULTILINE)
        for name in ("ice-ufrag", "ice-pwd", "fingerprint", "setup")
    }
    candidate = re.search(
        r"^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", text, re.MULTILINE | re.IGNORECASE
    )
    ufrag, password, proof, setup = found.values()
    if not (ufrag and password and proof and candidate):
        raise Refused(0, "the answer lacks ICE credentials, a fingerprint or a UDP candidate")
    if setup and setup[1] == "active":
        raise Refused(0, "the server insists on being the DTLS client (a=setup:active)")
    return Accepted(
        session, (candidate[1], int(candidate[2])), ufrag[1], password[1], (proof[1], proof[2])
    )


async def post_offer(http: aiohttp.ClientSession, url: str, key: str, offer: str) -> Accepted:
    """Posts an SDP offer and returns the parsed answer. Raises Refused.

    `key`: the creator key; empty for a viewer, who needs no key.
    """
    headers = {"Content-Type": "application/sdp", **_authorization(key)}
    try:
        async with http.post(url, data=offer, headers=headers, timeout=TIMEOUT) as answer:
            text = await answer.text()
            if answer.status != 201:
                raise Refused(answer.status, text.strip()[:200])
            return read_answer(text, urljoin(url, answer.headers.get("Location", "")))
    except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError) as error:
        raise Refused(0, f"no answer to the offer ({type(error).__name__})") from error


async def end_session(http: aiohttp.ClientSession, session: str, key: str) -> None:
    """Ends the session with a DELETE request. Does nothing if the server cannot be reached."""
    try:
        async with http.delete(session, headers=_authorization(key), timeout=TIMEOUT):
            pass
    except (aiohttp.ClientError, TimeoutError):
        pass
