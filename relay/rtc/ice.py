"""An ICE-lite agent (RFC 8445 §2.5, §7.3): answers connectivity checks. Pure."""

import secrets
from dataclasses import dataclass

from aioice import stun

MAX_MESSAGE = 576
"""Maximum size of a STUN message, bytes. Connectivity checks from browsers are much shorter."""

Address = tuple[str, int]
SocketAddress = Address | tuple[str, int, int, int]
"""An address in the format of the socket module. An IPv6 address also has flow information and a
scope id.
"""


@dataclass(frozen=True, slots=True)
class Check:
    """An authenticated STUN message from the peer: a connectivity check, or the answer to
    `probe()`.
    """

    answer: bytes
    """The STUN response to send back to the source of the check; empty if the message was the
    answer to `probe()`.
    """
    nominated: bool
    """Whether the check contains USE-CANDIDATE, which selects this candidate pair for media from
    now on.
    """


def local_ufrag_of(data: bytes) -> str | None:
    """Returns the server's ICE user name fragment in a STUN binding request, without validation;
    None if the request has no fragment.

    The fragment identifies the peer before its address is known.
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
    """The server's ICE agent for one peer. It holds the credentials and answers the
    peer's checks.
    """

    def __init__(
        self,
        remote_ufrag: str,
        remote_password: str,
        ufrag: str | None = None,
        password: str | None = None,
    ) -> None:
        self.ufrag = ufrag or secrets.token_hex(4)
        self.password = password or secrets.token_urlsafe(24).replace("-", "+").replace("_", "/")
        self._remote_ufrag = remote_ufrag
        self._remote_password = remote_password
        self._tie_breaker = secrets.randbits(64)
        self._probe: bytes | None = None

    def receive(self, data: bytes, source: SocketAddress) -> Check | None:
        """Handles a STUN datagram from `source`. Returns None if the datagram is neither a valid
        check nor a valid answer of this peer.

        Raises ValueError if the datagram is not STUN.
        """
        if len(data) > MAX_MESSAGE:
            raise ValueError("STUN message too long")
        try:
            message = stun.parse_message(data)
        except (ValueError, IndexError, KeyError, TypeError) as error:
            raise ValueError(f"not STUN: {error}") from error
        except Exception as error:  # aioice's parser also raises struct.error and others
            raise ValueError(f"not STUN: {type(error).__name__}") from error
        if message.message_method is not stun.Method.BINDING:
            return None
        if message.message_class is stun.Class.RESPONSE:
            return self._receive_answer(message)
        if message.message_class is not stun.Class.REQUEST:
            return None
        if message.attributes.get("USERNAME") != f"{self.ufrag}:{self._remote_ufrag}":
            return None
        if not message.check_message_integrity(self.password.encode()):
            return None
        answer = stun.Message(
            stun.Method.BINDING,
            stun.Class.RESPONSE,
            message.transaction_id,
            {"XOR-MAPPED-ADDRESS": source},
        )
        answer.add_message_integrity(self.password.encode())
        return Check(bytes(answer), "USE-CANDIDATE" in message.attributes)

    def probe(self) -> bytes:
        """Returns a binding request that measures the round trip. Pass the peer's answer to
        `receive`.

        An ICE-lite agent does not search for candidate pairs, but it may send checks on the
        selected pair. The peer does the same to renew consent (RFC 7675).
        """
        attributes = {
            "USERNAME": f"{self._remote_ufrag}:{self.ufrag}",
            "PRIORITY": 1_853_824_767,
            "ICE-CONTROLLED": self._tie_breaker,
        }
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes=attributes)
        message.add_message_integrity(self._remote_password.encode())
        self._probe = message.transaction_id
        return bytes(message)

    def _receive_answer(self, message: stun.Message) -> Check | None:
        if message.transaction_id != self._probe or not message.check_message_integrity(
            self._remote_password.encode()
        ):
            return None
        self._probe = None
        return Check(b"", False)
