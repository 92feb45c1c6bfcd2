"""WHIP's client side (RFC 9725): the offer of a sender, and what matters of the answer."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin

import aiohttp

from relay.rtc.dtls import fingerprint
from relay.rtc.sdp_publish import TRANSPORT_WIDE

VIDEO_TYPE, AUDIO_TYPE = 96, 111
TRANSPORT_ID = 4
"""Of the header extension with transport-wide sequence numbers, as browsers number it."""
TIMEOUT = aiohttp.ClientTimeout(total=15)


class Refused(Exception):
    """The door did not open. `status` is HTTP's, 0 where there was no readable answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"HTTP {status}: {text}" if status else text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Accepted:
    """The server's side of a session."""

    session: str
    """Its URL; DELETE ends it."""
    address: tuple[str, int]
    ufrag: str
    password: str
    fingerprint: tuple[str, str]
    """Algorithm and value."""


def write_offer(ufrag: str, password: str, video_ssrc: int, audio_ssrc: int) -> str:
    """One H.264 video and one Opus audio, sent only, bundled."""
    common = [
        "c=IN IP4 0.0.0.0",
        f"a=ice-ufrag:{ufrag}",
        f"a=ice-pwd:{password}",
        f"a=fingerprint:{fingerprint()}",
        "a=setup:actpass",
        "a=sendonly",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        f"a=extmap:{TRANSPORT_ID} {TRANSPORT_WIDE}",
    ]
    video = [
        f"m=video 9 UDP/TLS/RTP/SAVPF {VIDEO_TYPE}",
        *common,
        "a=mid:0",
        f"a=rtpmap:{VIDEO_TYPE} H264/90000",
        f"a=fmtp:{VIDEO_TYPE} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        *(f"a=rtcp-fb:{VIDEO_TYPE} {kind}" for kind in ("nack", "nack pli", "goog-remb", "transport-cc")),
        f"a=ssrc:{video_ssrc} cname:load",
    ]
    audio = [
        f"m=audio 9 UDP/TLS/RTP/SAVPF {AUDIO_TYPE}",
        *common,
        "a=mid:1",
        f"a=rtpmap:{AUDIO_TYPE} opus/48000/2",
        f"a=rtcp-fb:{AUDIO_TYPE} transport-cc",
        f"a=fmtp:{AUDIO_TYPE} minptime=10;useinbandfec=1",
        f"a=ssrc:{audio_ssrc} cname:load",
    ]
    head = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE 0 1"]
    return "\r\n".join([*head, *video, *audio]) + "\r\n"


def read_answer(text: str, session: str) -> Accepted:
    """Raises Refused on an answer that this sender cannot work with."""
    found = {name: re.search(rf"^a={name}:(\S+)(?: (\S+))?\s*$", text, re.MULTILINE) for name in ("ice-ufrag", "ice-pwd", "fingerprint", "setup")}
    candidate = re.search(r"^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host", text, re.MULTILINE | re.IGNORECASE)
    ufrag, password, proof, setup = found.values()
    if not (ufrag and password and proof and candidate):
        raise Refused(0, "the answer names no ICE credentials, fingerprint or UDP candidate")
    if setup and setup[1] == "active":
        raise Refused(0, "the answer insists on being the DTLS client")
    return Accepted(session, (candidate[1], int(candidate[2])), ufrag[1], password[1], (proof[1], proof[2]))


async def publish(http: aiohttp.ClientSession, url: str, key: str, offer: str) -> Accepted:
    """Posts the offer. Raises Refused."""
    headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {key}"}
    try:
        async with http.post(url, data=offer, headers=headers, timeout=TIMEOUT) as answer:
            text = await answer.text()
            if answer.status != 201:
                raise Refused(answer.status, text.strip()[:200])
            return read_answer(text, urljoin(url, answer.headers.get("Location", "")))
    except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError) as error:
        raise Refused(0, f"no answer to the offer ({type(error).__name__})") from error


async def unpublish(http: aiohttp.ClientSession, session: str, key: str) -> None:
    """Ends the session; nothing where the server is gone."""
    try:
        async with http.delete(session, headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT):
            pass
    except (aiohttp.ClientError, TimeoutError):
        pass
