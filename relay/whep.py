"""The sessions of WebRTC viewers. The HTTP side (draft-ietf-wish-whep) is in
server/http/whep.py.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import fields
from functools import partial
from time import monotonic
from typing import Any

from relay.callbacks import ignore
from relay.channel.channel import Channel
from relay.errors import OfferError, RefusalCode
from relay.rtc.ended_sessions import EndedSessions
from relay.rtc.send.counters import SendCounters, WhepCounters
from relay.rtc.send.feed import Feed
from relay.rtc.send.sdp import PlayOffer, parse_play_offer
from relay.rtc.send.session import SendSession
from relay.rtc.udp import UdpPort
from relay.sample import Track
from relay.stream.stream import Stream

logger = logging.getLogger(__name__)

SUMMED = tuple(counter.name for counter in fields(SendCounters))
"""Names of the session counters that are added to the totals when a session ends."""
RETRY_CONNECTING = 1
"""Seconds after which a player may retry while too many sessions are connecting."""


class WhepSession:
    """The WHEP session of one viewer of a channel."""

    def __init__(
        self,
        id: str,
        channel: Channel,
        rtc: SendSession,
        answer: str,
        on_ended: Callable[[], None],
        on_settled: Callable[[], None],
        address: str,
    ) -> None:
        self.id = id
        self.channel = channel
        self.rtc = rtc
        self.answer = answer
        """The SDP answer."""
        self.on_ended = on_ended
        self.on_settled = on_settled
        self.address = address
        """IP address of the client that sent the offer."""
        self.counted = False
        """Whether the session has connected and is counted as a viewer of the channel."""


class WhepSessions:
    """Owns all WHEP sessions, and one feed for each channel that has sessions. `hosts` are the
    addresses for the candidates in SDP answers. `max_connecting` is the maximum number of sessions
    that are not connected yet. `prefix` is the beginning of the ids of all sessions.
    """

    def __init__(
        self, port: UdpPort, hosts: list[str], max_connecting: int, prefix: str = ""
    ) -> None:
        self._prefix = prefix
        self.counters = WhepCounters()
        self._port = port
        self.hosts = hosts
        self.ended = EndedSessions()
        self.max_connecting = max_connecting
        self._connecting = 0
        self._feeds: dict[Channel, Feed] = {}
        self._sessions: dict[str, WhepSession] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    def open(
        self,
        channel: Channel,
        offer: str,
        on_ended: Callable[[], None],
        on_settled: Callable[[], None] = ignore,
        address: str = "",
    ) -> WhepSession:
        """Opens a session for an SDP offer from the client at `address`. Raises OfferError.

        `on_ended` is called once, when the session has ended. `on_settled` is called once, when the
        session has connected, or has ended without a connection. If this method raises an
        exception, `on_ended` and `on_settled` are never called.
        """
        if self._closing:
            raise OfferError(503, RefusalCode.SERVER_CLOSING, "the server is shutting down", 1)
        if self._connecting >= self.max_connecting:
            self.counters.refused += 1
            raise OfferError(
                503,
                RefusalCode.SERVER_FULL,
                "too many sessions are connecting: try again",
                RETRY_CONNECTING,
            )
        video = channel.stream.tracks.get(Track.VIDEO)
        wanted = parse_play_offer(offer, video.codec if video else "")
        return self._begin(channel, wanted, on_ended, on_settled, address)

    def find(self, session_id: str, channel: Channel) -> WhepSession:
        """Returns the session with this id in this channel. Raises OfferError (404)."""
        session = self._sessions.get(session_id)
        if session is None or session.channel is not channel:
            raise OfferError(404, RefusalCode.SESSION_NOT_FOUND, "no such session: it has ended")
        return session

    async def end(self, session: WhepSession) -> None:
        """Ends a session and waits until it has ended. The session ends even if the caller is
        cancelled.
        """
        await asyncio.shield(self._spawn(self._finish(session)))

    def end_soon(self, session: WhepSession) -> None:
        """Ends a session in the background."""
        self._spawn(self._finish(session))

    def end_clients(self, concerns: Callable[[str], bool]) -> None:
        """Ends the session of each client for whose address `concerns` returns True. The sessions
        end in the background.
        """
        for session in list(self._sessions.values()):
            if concerns(session.address):
                self._spawn(self._finish(session))

    def departures(self) -> list[Callable[[], None]]:
        """Returns a function for each session that ends the session in the background."""
        return [partial(self.end_soon, session) for session in self._sessions.values()]

    async def close(self) -> None:
        """Refuses new sessions from now on. Ends all sessions, and waits until they have ended."""
        self._closing = True
        for session in list(self._sessions.values()):
            self._spawn(self._finish(session))
        while self._tasks:
            await asyncio.wait(self._tasks)

    # Figures

    @property
    def audiences(self) -> list[tuple[Stream, int]]:
        """The streams that have WHEP sessions, each with the number of its WHEP viewers."""
        return [(feed.stream, feed.viewers) for feed in self._feeds.values()]

    def held(self, channel: Channel) -> int:
        """Returns the memory that the packetised frames of a channel use, bytes."""
        feed = self._feeds.get(channel)
        return feed.held if feed else 0

    @property
    def connecting(self) -> int:
        """Number of sessions that are not connected yet."""
        return self._connecting

    @property
    def sessions(self) -> list[SendSession]:
        return [session.rtc for session in self._sessions.values()]

    def totals(self) -> dict[str, int]:
        """Returns the sum of each counter in SUMMED, and of `octets`, over all past and present
        sessions.
        """
        sessions, past = self.sessions, self.counters
        found = {
            name: getattr(past, name) + sum(getattr(session.counters, name) for session in sessions)
            for name in SUMMED
        }
        return {**found, "octets": past.octets + sum(session.octets for session in sessions)}

    # The life of a session

    def _begin(
        self,
        channel: Channel,
        offer: PlayOffer,
        on_ended: Callable[[], None],
        on_settled: Callable[[], None],
        address: str,
    ) -> WhepSession:
        feed = self._feeds.get(channel)
        if feed is None:
            feed = self._feeds[channel] = Feed(channel)
            feed.open()
        rtc: SendSession | None = None
        try:
            rtc = SendSession(self._port, offer, feed, lambda reason: self._closed(session, reason))
            answer = rtc.answer(self.hosts)
        except BaseException:
            if rtc:
                self._spawn(rtc.close())
            self._close_idle(feed, channel)
            raise
        feed.add(rtc)
        id = self._prefix + secrets.token_urlsafe(16)
        session = WhepSession(id, channel, rtc, answer, on_ended, on_settled, address)
        self._sessions[session.id] = session
        self._connecting += 1
        self._spawn(self._connect(session, feed))
        return session

    async def _connect(self, session: WhepSession, feed: Feed) -> None:
        try:
            await session.rtc.connect()
        except Exception as error:
            self._log_failure(session, error)
            self.counters.failed += 1
            await self._finish(session)
            return
        if session.id in self._sessions:
            self.counters.joined += 1
            session.counted = True
            self._settle(session)
            feed.connected(session.rtc)

    def _log_failure(self, session: WhepSession, error: Exception) -> None:
        if isinstance(error, ConnectionError):
            logger.debug("stream %s: no connection to a viewer: %s", session.channel.name, error)
        else:
            logger.error("stream %s: a handshake failed", session.channel.name, exc_info=error)

    def _closed(self, session: WhepSession, reason: str) -> None:
        logger.debug("stream %s: a viewer left: %s", session.channel.name, reason)
        self._spawn(self._finish(session))

    async def _finish(self, session: WhepSession) -> None:
        """Ends a session. Does nothing if the session has already ended."""
        if self._sessions.pop(session.id, None) is None:
            return
        self.ended.add(session.id, session.channel.name, monotonic())
        rtc, feed, total = session.rtc, self._feeds[session.channel], self.counters
        feed.remove(rtc, counted=session.counted)
        self._close_idle(feed, session.channel)
        for name in SUMMED:
            setattr(total, name, getattr(total, name) + getattr(rtc.counters, name))
        total.octets += rtc.octets
        if not session.counted:
            self._settle(session)
        session.on_ended()
        await rtc.close()

    def _settle(self, session: WhepSession) -> None:
        self._connecting -= 1
        session.on_settled()

    def _close_idle(self, feed: Feed, channel: Channel) -> None:
        if feed.idle:
            del self._feeds[channel]
            feed.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
