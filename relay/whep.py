"""The WHEP exit (draft-ietf-wish-whep): play by one HTTP request. Reads in the order of the draft's
section 4.

Which stream it is, and who may ask how often, is decided by whoever routes a request here; refusals
are OfferErrors with the HTTP status.
"""

import asyncio
import logging
import re
import secrets
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import hdrs, web

from relay.errors import OfferError, RefusalCode
from relay.rtc.send.feed import Feed
from relay.rtc.send.sdp import PlayOffer, parse_play_offer
from relay.rtc.send.session import SendSession
from relay.rtc.udp import UdpPort
from relay.sample import Track
from relay.stream.stream import Stream

logger = logging.getLogger(__name__)

MAX_BODY = 65_536
SUMMED = ("dropped", "nacks", "resent", "plis", "rejected")
"""What sessions count, and the exit goes on counting when they have ended."""
SDP, SDP_FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"

_FRAGMENT_UFRAG = re.compile(r"^a=ice-ufrag:(\S{1,256})\s*$", re.MULTILINE)


@dataclass(slots=True)
class Counters:
    """What happened on this exit since the process began; of sessions that have ended."""

    joined: int = 0
    failed: int = 0
    """Sessions that never connected."""
    dropped: int = 0
    nacks: int = 0
    resent: int = 0
    plis: int = 0
    rejected: int = 0
    octets: int = 0
    """Payload sent, without what was sent again."""


class Playing:
    """One viewer's session and what it belongs to."""

    def __init__(self, stream: Stream, session: SendSession, on_gone: Callable[[], None]) -> None:
        self.id = secrets.token_urlsafe(16)
        self.stream = stream
        self.session = session
        self.on_gone = on_gone
        self.counted = False
        """It was connected, and is one of the stream's viewers."""


class WhepExit:
    """Owns every viewer's session, and a feed for each stream that has some. `hosts` are the
    addresses that answers announce.
    """

    def __init__(self, port: UdpPort, hosts: list[str]) -> None:
        self.counters = Counters()
        self._port = port
        self._hosts = hosts
        self._feeds: dict[Stream, Feed] = {}
        self._playing: dict[str, Playing] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    # §4.2 Playback session setup

    async def play(
        self,
        request: web.Request,
        stream: Stream,
        location: Callable[[str], str],
        on_gone: Callable[[], None],
        links: Sequence[str] = (),
    ) -> web.Response:
        """POST of an offer: 201 with the answer, `location(session id)` in Location, and each of
        `links`, the ICE servers of §4.6, in a Link header.

        `on_gone` is called once when the session is over.
        """
        video = stream.tracks.get(Track.VIDEO)
        offer = parse_play_offer(await read_body(request, SDP), video.codec if video else "")
        if self._closing:
            raise OfferError(503, RefusalCode.SERVER_CLOSING, "the server is shutting down")
        playing = self._begin(stream, offer, on_gone)
        answer = playing.session.answer(self._hosts)
        headers = [(hdrs.LOCATION, location(playing.id)), *((hdrs.LINK, link) for link in links)]
        return web.Response(status=201, text=answer, content_type=SDP, headers=headers)

    async def end(self, session_id: str, stream: Stream) -> web.Response:
        """DELETE of a session: it is over when the answer comes, whether or not the client waits
        for that.
        """
        playing = self._find(session_id, stream)
        await asyncio.shield(self._spawn(self._finish(playing)))
        return web.Response()

    # §4.3 ICE support

    async def trickle(self, request: web.Request, session_id: str, stream: Stream) -> web.Response:
        """PATCH with candidates: 204. They are not needed, since an ICE-lite agent answers whoever
        proves to be the peer. An ICE restart is refused (422).
        """
        playing = self._find(session_id, stream)
        if request.content_type == SDP:
            raise OfferError(
                422,
                RefusalCode.NO_COUNTER_OFFER,
                "there was no counter-offer to answer: POST a new offer",
            )
        fragment = await read_body(request, SDP_FRAGMENT)
        if not fragment.strip() or not all(
            re.match(r"[a-z]=", line) for line in fragment.splitlines() if line
        ):
            raise OfferError(
                400, RefusalCode.NOT_SDP_FRAGMENT, "the body is not an SDP fragment (RFC 8840)"
            )
        if set(_FRAGMENT_UFRAG.findall(fragment)) - {playing.session.remote_ufrag}:
            raise OfferError(
                422, RefusalCode.NO_ICE_RESTART, "ICE restart is not supported: POST a new offer"
            )
        return web.Response(status=204)

    # Sessions

    @property
    def audiences(self) -> list[tuple[Stream, int]]:
        """Each stream that is watched this way, and by how many."""
        return [(stream, feed.viewers) for stream, feed in self._feeds.items()]

    def totals(self) -> dict[str, int]:
        """What all sessions have counted (SUMMED, and `octets`), those that have ended and those
        that go on.
        """
        sessions, past = self.sessions, self.counters
        found = {
            name: getattr(past, name) + sum(getattr(session.counters, name) for session in sessions)
            for name in SUMMED
        }
        return {**found, "octets": past.octets + sum(session.octets for session in sessions)}

    @property
    def sessions(self) -> list[SendSession]:
        return [playing.session for playing in self._playing.values()]

    async def close(self) -> None:
        """Ends every session, and lets none begin."""
        self._closing = True
        for playing in list(self._playing.values()):
            self._spawn(self._finish(playing))
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _begin(self, stream: Stream, offer: PlayOffer, on_gone: Callable[[], None]) -> Playing:
        feed = self._feeds.get(stream)
        if feed is None:
            feed = self._feeds[stream] = Feed(stream)
            feed.open()
        session = SendSession(self._port, offer, feed, lambda reason: self._closed(playing, reason))
        feed.add(session)
        playing = Playing(stream, session, on_gone)
        self._playing[playing.id] = playing
        self._spawn(self._connect(playing, feed))
        return playing

    async def _connect(self, playing: Playing, feed: Feed) -> None:
        try:
            await playing.session.connect()
        except ConnectionError as error:
            logger.info("stream %s: no connection to a viewer: %s", playing.stream.name, error)
            self.counters.failed += 1
            await self._finish(playing)
            return
        if playing.id in self._playing:
            self.counters.joined += 1
            playing.counted = True
            feed.connected(playing.session)

    def _closed(self, playing: Playing, reason: str) -> None:
        logger.debug("stream %s: a viewer left: %s", playing.stream.name, reason)
        self._spawn(self._finish(playing))

    async def _finish(self, playing: Playing) -> None:
        """Once for each session, whoever ends it first."""
        if self._playing.pop(playing.id, None) is None:
            return
        session, feed, total = playing.session, self._feeds[playing.stream], self.counters
        feed.remove(session, counted=playing.counted)
        if feed.idle:
            del self._feeds[playing.stream]
            feed.close()
        for name in SUMMED:
            setattr(total, name, getattr(total, name) + getattr(session.counters, name))
        total.octets += session.octets
        playing.on_gone()
        await session.close()

    def _find(self, session_id: str, stream: Stream) -> Playing:
        playing = self._playing.get(session_id)
        if playing is None or playing.stream is not stream:
            raise OfferError(404, RefusalCode.SESSION_NOT_FOUND, "no such session: it has ended")
        return playing

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def read_body(request: web.Request, content_type: str) -> str:
    """The body of that type, at most 64 KB. Raises OfferError: 400, 413 or 415."""
    if request.content_type != content_type:
        raise OfferError(415, RefusalCode.WRONG_CONTENT_TYPE, f"send Content-Type: {content_type}")
    try:
        if (request.content_length or 0) > MAX_BODY:
            raise OfferError(413, RefusalCode.BODY_TOO_LARGE, "the body is over 64 KB")
        return (await request.read()).decode()
    except web.HTTPRequestEntityTooLarge as error:
        raise OfferError(413, RefusalCode.BODY_TOO_LARGE, "the body is over 64 KB") from error
    except UnicodeDecodeError as error:
        raise OfferError(400, RefusalCode.BODY_NOT_UTF8, "the body is not UTF-8") from error
