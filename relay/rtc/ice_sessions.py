"""The ICE sessions of one peer: the current session and, during an ICE restart (RFC 8445 §9), the
session before it.
"""

from typing import Final

from relay.rtc.ice import Answer, Check, IceAgent
from relay.rtc.udp import Peer, Route, UdpPort

PAST: Final = 4
"""Number of former user name fragments of the peer that are remembered."""


class IceSessions:
    """The agents that answer the checks of one peer. After a restart, the former agent answers too,
    until the peer nominates a route of the current ICE session: media does not stop meanwhile, and
    continues if the restart fails.
    """

    __slots__ = ("_former", "current", "past")

    def __init__(self, port: UdpPort, peer: Peer, remote_ufrag: str, remote_password: str) -> None:
        self.current = _new_agent(port, peer, remote_ufrag, remote_password)
        self._former: IceAgent | None = None
        self.past: tuple[str, ...] = ()
        """The peer's user name fragments in the last few former ICE sessions."""

    def restart(self, port: UdpPort, peer: Peer, remote_ufrag: str, remote_password: str) -> None:
        """Begins a new ICE session. If the last restart is not complete, the new session replaces
        the session of that restart.
        """
        agent = _new_agent(port, peer, remote_ufrag, remote_password)
        if self._former is None:
            self._former = self.current
        else:
            port.forget(self.current.ufrag)
        self.past = (*self.past, self.current.remote_ufrag)[-PAST:]
        self.current = agent

    def receive(self, data: bytes, route: Route) -> Check | Answer | None:
        """Handles a STUN datagram, as described in IceAgent."""
        agent = self.current
        message = agent.receive(data, route.address)
        if message is None and self._former is not None:
            agent = self._former
            message = agent.receive(data, route.address)
        # A late check of the former session does not take the route back.
        if isinstance(message, Check) and route.agent is not self.current:
            route.agent = agent
        return message

    def check(self, transaction: bytes, route: Route) -> bytes:
        """Returns a connectivity check for this route, in the ICE session that uses the route."""
        agent = self.current if route.agent is None else route.agent
        return agent.check(transaction)

    def use(self, port: UdpPort, route: Route) -> None:
        """Ends the former ICE session if `route`, which the peer has nominated, is in the current
        one.
        """
        if self._former is not None and route.agent is self.current:
            port.forget(self._former.ufrag)
            self._former = None

    def close(self, port: UdpPort) -> None:
        """Removes the peer from the port."""
        if self._former is not None:
            port.forget(self._former.ufrag)
        port.remove(self.current.ufrag)


def _new_agent(port: UdpPort, peer: Peer, remote_ufrag: str, remote_password: str) -> IceAgent:
    """Returns an agent whose user name fragment belongs to no other peer of the port."""
    agent = IceAgent(remote_ufrag, remote_password)
    while not port.add(agent.ufrag, peer):
        agent = IceAgent(remote_ufrag, remote_password)
    return agent
