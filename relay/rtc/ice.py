"""An ICE-lite agent (RFC 8445 §2.5, §7.3): answers connectivity checks. Pure."""

import secrets
from dataclasses import dataclass

from relay.rtc import stun

MAX_MESSAGE = 576
"""Maximum size of a STUN message, bytes. The checks of browsers are much shorter."""
UFRAG_BYTES = 8
"""Number of random bytes in a user name fragment. This number is large enough that another peer
cannot guess the fragment.
"""
PRIORITY = 1_853_824_767
"""Value of the attribute PRIORITY in the connectivity checks that the server sends: the priority of
a peer-reflexive candidate (RFC 8445 §7.1.1).
"""

Address = tuple[str, int]
SocketAddress = Address | tuple[str, int, int, int]
"""An address in the format of the socket module. An IPv6 address also has flow information and a
scope id.
"""


@dataclass(frozen=True, slots=True)
class Check:
    """An authenticated connectivity check that the peer sent."""

    answer: bytes
    """The STUN response to send back to the source of the check."""
    nominated: bool
    """Whether the check contains USE-CANDIDATE: the peer requests that media uses this candidate
    pair from now on.
    """


@dataclass(frozen=True, slots=True)
class Answer:
    """An authenticated answer of the peer to a connectivity check that the server sent."""

    transaction: bytes
    """Transaction ID of the check."""


def local_ufrag_of(data: bytes) -> str | None:
    """Returns the server's ICE user name fragment that a STUN binding request contains, without
    validation; None if the request contains no fragment.

    The fragment identifies the peer while the peer's address is still unknown.
    """
    at = 20
    size = len(data)
    while at + 4 <= size:
        kind = data[at] << 8 | data[at + 1]
        length = data[at + 2] << 8 | data[at + 3]
        if kind == 0x0006:  # USERNAME
            name = data[at + 4 : at + 4 + length]
            local, colon, _ = name.partition(b":")
            return local.decode("ascii", "replace") if colon else None
        at += 4 + length + (-length & 3)
    return None


class IceAgent:
    """The server's ICE agent for one peer. It holds the credentials, answers the peer's checks and
    writes the server's own checks.
    """

    def __init__(
        self,
        remote_ufrag: str,
        remote_password: str,
        ufrag: str | None = None,
        password: str | None = None,
    ) -> None:
        self.ufrag = ufrag or secrets.token_hex(UFRAG_BYTES)
        self.password = password or secrets.token_urlsafe(24).replace("-", "+").replace("_", "/")
        self.remote_ufrag = remote_ufrag
        self.remote_password = remote_password
        self._key = self.password.encode()
        self._remote_key = remote_password.encode()
        self._username = f"{self.ufrag}:{remote_ufrag}".encode()
        """User name in the peer's checks."""
        self._remote_username = f"{remote_ufrag}:{self.ufrag}".encode()
        """User name in the server's checks."""
        self._tie_breaker = secrets.randbits(64)

    def receive(self, data: bytes, source: SocketAddress) -> Check | Answer | None:
        """Handles a STUN datagram from `source`. Returns None if the datagram is neither an
        authentic check nor an authentic answer of this peer.

        Raises ValueError if the datagram is not STUN.
        """
        if len(data) > MAX_MESSAGE:
            raise ValueError("STUN message too long")
        message = stun.parse(data)
        if message.kind == stun.RESPONSE:
            if stun.authentic(data, message, self._remote_key):
                return Answer(message.transaction)
        elif (
            message.kind == stun.REQUEST
            and message.username == self._username
            and stun.authentic(data, message, self._key)
        ):
            answer = stun.response(message.transaction, source[0], source[1])
            return Check(stun.sign(answer, self._key), message.nominated)
        return None

    def check(self, transaction: bytes) -> bytes:
        """Returns a connectivity check that the server can send, with a transaction ID of 12 bytes.
        Pass the peer's answer to `receive`.

        A lite agent does not search for candidate pairs, but it may check whether the peer consents
        to receive (RFC 7675).
        """
        message = stun.request(transaction, self._remote_username, PRIORITY, self._tie_breaker)
        return stun.sign(message, self._remote_key)
