"""SDP fragments (RFC 8840 §9), with which WHIP and WHEP clients send candidates and restart ICE.
Pure.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from relay.errors import OfferError, RefusalCode
from relay.rtc.answer import write_candidates
from relay.rtc.ice import IceAgent
from relay.rtc.sdp import TOKEN, Local, MediaSection, Remote

_LINE = re.compile(r"[a-z]=")


@dataclass(frozen=True, slots=True)
class Fragment:
    """The attributes of a fragment that this server reads. It does not need candidates: an ICE-lite
    agent learns the peer's addresses from the peer's connectivity checks.
    """

    ufrag: str | None
    """The peer's user name fragment; None if the fragment has none."""
    password: str | None
    fingerprints: frozenset[tuple[str, str]]
    """Hash functions in lower case, and fingerprints in upper case."""
    setups: frozenset[str]
    """Values of `a=setup`."""


def parse_fragment(text: str) -> Fragment:
    """Parses an SDP fragment. Raises OfferError (400)."""
    lines = [line for line in text.splitlines() if line]
    if not text.strip() or not all(_LINE.match(line) for line in lines):
        raise _malformed("the body is not an SDP fragment (RFC 8840)")
    fingerprints = [value.partition(" ") for value in _values(lines, "fingerprint")]
    return Fragment(
        _credential(lines, "ice-ufrag"),
        _credential(lines, "ice-pwd"),
        frozenset((name.lower(), value.strip().upper()) for name, _, value in fingerprints),
        frozenset(_values(lines, "setup")),
    )


def restarts(fragment: Fragment, agent: IceAgent, past: Sequence[str], remote: Remote) -> bool:
    """Whether a fragment restarts ICE. `agent`: the agent of the current ICE session. `past`: the
    peer's user name fragments in former ICE sessions. `remote`: the peer as described in its offer.

    Raises OfferError: 412 if the fragment belongs to a former ICE session, 422 if such a restart is
    impossible.
    """
    ufrag, password = fragment.ufrag, fragment.password
    if ufrag in past:
        raise OfferError(
            412,
            RefusalCode.ICE_SESSION_CHANGED,
            "ICE was restarted since: the a=ice-ufrag belongs to a former ICE session",
        )
    if ufrag in (None, agent.remote_ufrag):
        if password not in (None, agent.remote_password):
            raise _impossible("the a=ice-pwd is new but the a=ice-ufrag is not: change both")
        return False
    if password in (None, agent.remote_password):
        raise _impossible("the a=ice-ufrag is new but the a=ice-pwd is not: change both")
    offered = {(name.lower(), value.upper()) for name, value in remote.fingerprints}
    roles = {"actpass", "passive" if remote.passive else "active"}
    if not fragment.fingerprints <= offered or not fragment.setups <= roles:
        raise _impossible(
            "an ICE restart keeps the DTLS connection: its a=fingerprint and a=setup must be those "
            "of the offer. With a new certificate, POST a new offer"
        )
    return True


def write_fragment(sections: Sequence[MediaSection], local: Local) -> str:
    """Returns the fragment that answers an ICE restart (RFC 9725 §4.3.3). It has only the first
    media section, because all media sections share one transport.
    """
    first = sections[0]
    lines = [
        "a=ice-lite",
        f"a=group:BUNDLE {' '.join(section.mid for section in sections)}",
        f"m={first.kind} 9 UDP/TLS/RTP/SAVPF {first.payload_type}",
        f"a=mid:{first.mid}",
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        *write_candidates(local),
    ]
    return "\r\n".join(lines) + "\r\n"


def _credential(lines: list[str], name: str) -> str | None:
    """Returns the value of `a=ice-ufrag` or `a=ice-pwd`; None if the fragment has none."""
    found = set(_values(lines, name))
    if len(found) > 1:
        raise _malformed(f"the fragment has more than one a={name}: it must be about one transport")
    value = next(iter(found), None)
    if value is not None and not TOKEN.match(value):
        raise _malformed(f"the a={name} of the fragment is not valid (RFC 8839 §5.4)")
    return value


def _values(lines: list[str], name: str) -> list[str]:
    """Returns the values of all attributes with this name."""
    start = f"a={name}:"
    return [line.removeprefix(start).strip() for line in lines if line.startswith(start)]


def _malformed(reason: str) -> OfferError:
    return OfferError(400, RefusalCode.NOT_SDP_FRAGMENT, reason)


def _impossible(reason: str) -> OfferError:
    return OfferError(422, RefusalCode.BAD_ICE_RESTART, reason)
