"""The sessions of WebRTC viewers. HTTP (draft-ietf-wish-whep) is in server/http/whep.py."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from relay.errors import OfferError, RefusalCode
from relay.rtc.send.feed import Feed
from relay.rtc.send.sdp import PlayOffer, parse_play_offer
from relay.rtc.send.session import SendSession
from relay.rtc.udp import UdpPort
from relay.sample import Track
from relay.stream.stream import Stream

logger = logging.getLogger(__name__)

SUMMED = ("dropped", "nacks", "resent", "plis", "rejected")
"""Counters of a session that are added to the totals when it ends."""


@dataclass(slots=True)
class WhepCounters:
    """Totals since the process began, of sessions that have ended."""

    joined: int = 0
    failed: int = 0
    """Sessions that never connected."""
    dropped: int = 0
    nacks: int = 0
    resent: int = 0
    plis: int = 0
    rejected: int = 0
    octets: int = 0
    """Payload bytes sent, without retransmissions."""


class WhepSession:
    """One viewer of a stream."""

    def __init__(
        self, stream: Stream, rtc: SendSession, answer: str, on_ended: Callable[[], None]
    ) -> None:
        self.id = secrets.token_urlsafe(16)
        self.stream = stream
        self.rtc = rtc
        self.answer = answer
        """SDP."""
        self.on_ended = on_ended
        self.counted = False
        """Has connected, and counts as a viewer of the stream."""


class WhepSessions:
    """Owns every session, and one feed for each stream that has sessions. Answers announce
    `hosts`.
    """

    def __init__(self, port: UdpPort, hosts: list[str]) -> None:
        self.counters = WhepCounters()
        self._port = port
        self._hosts = hosts
        self._feeds: dict[Stream, Feed] = {}
        self._sessions: dict[str, WhepSession] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    def open(self, stream: Stream, offer: str, on_ended: Callable[[], None]) -> WhepSession:
        """A new session for an SDP offer. Raises OfferError.

        `on_ended` is called once, when the session has ended; never if this raises.
        """
        if self._closing:
            raise OfferError(503, RefusalCode.SERVER_CLOSING, "the server is shutting down", 1)
        video = stream.tracks.get(Track.VIDEO)
        return self._begin(stream, parse_play_offer(offer, video.codec if video else ""), on_ended)

    def find(self, session_id: str, stream: Stream) -> WhepSession:
        """A session of a stream. Raises OfferError (404)."""
        session = self._sessions.get(session_id)
        if session is None or session.stream is not stream:
            raise OfferError(404, RefusalCode.SESSION_NOT_FOUND, "no such session: it has ended")
        return session

    async def end(self, session: WhepSession) -> None:
        """Returns when the session has ended; it ends even if the caller is cancelled."""
        await asyncio.shield(self._spawn(self._finish(session)))

    async def close(self) -> None:
        """Ends every session and refuses new ones."""
        self._closing = True
        for session in list(self._sessions.values()):
            self._spawn(self._finish(session))
        while self._tasks:
            await asyncio.wait(self._tasks)

    # Figures

    @property
    def audiences(self) -> list[tuple[Stream, int]]:
        """Each stream that has sessions, and its number of viewers here."""
        return [(stream, feed.viewers) for stream, feed in self._feeds.items()]

    @property
    def sessions(self) -> list[SendSession]:
        return [session.rtc for session in self._sessions.values()]

    def totals(self) -> dict[str, int]:
        """SUMMED and `octets` of all sessions, those that have ended included."""
        sessions, past = self.sessions, self.counters
        found = {
            name: getattr(past, name) + sum(getattr(session.counters, name) for session in sessions)
            for name in SUMMED
        }
        return {**found, "octets": past.octets + sum(session.octets for session in sessions)}

    # The life of a session

    def _begin(self, stream: Stream, offer: PlayOffer, on_ended: Callable[[], None]) -> WhepSession:
        feed = self._feeds.get(stream)
        if feed is None:
            feed = self._feeds[stream] = Feed(stream)
            feed.open()
        rtc = SendSession(self._port, offer, feed, lambda reason: self._closed(session, reason))
        feed.add(rtc)
        session = WhepSession(stream, rtc, rtc.answer(self._hosts), on_ended)
        self._sessions[session.id] = session
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
            feed.connected(session.rtc)

    def _log_failure(self, session: WhepSession, error: Exception) -> None:
        if isinstance(error, ConnectionError):
            logger.info("stream %s: no connection to a viewer: %s", session.stream.name, error)
        else:
            logger.error("stream %s: a handshake failed", session.stream.name, exc_info=error)

    def _closed(self, session: WhepSession, reason: str) -> None:
        logger.debug("stream %s: a viewer left: %s", session.stream.name, reason)
        self._spawn(self._finish(session))

    async def _finish(self, session: WhepSession) -> None:
        """Runs once for each session; later calls do nothing."""
        if self._sessions.pop(session.id, None) is None:
            return
        rtc, feed, total = session.rtc, self._feeds[session.stream], self.counters
        feed.remove(rtc, counted=session.counted)
        if feed.idle:
            del self._feeds[session.stream]
            feed.close()
        for name in SUMMED:
            setattr(total, name, getattr(total, name) + getattr(rtc.counters, name))
        total.octets += rtc.octets
        session.on_ended()
        await rtc.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
