"""Decides who may watch a room. Checks each request for a room, and closes the connections of
viewers who lose the right to watch.

For a public or unlisted room in memory, the check only looks for the person in two sets. The check
reads storage only for private rooms and for rooms that have ended.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from relay.callbacks import ignore
from relay.errors import Refusal, RefusalCode
from server.errors import Forbidden
from server.http.request import is_https
from server.http.requester import Requesters
from server.rooms.commands.access import Admission, Admit
from server.rooms.commands.room import Describe
from server.rooms.registry import Rooms
from server.rooms.room import Room
from server.rooms.watch_token import MAX_TOKEN, WatchToken, write_token
from server.settings import Settings
from server.social.author import Requester
from server.storage.errors import StorageError

logger = logging.getLogger(__name__)

CHECK_EVERY = 1.0
"""Interval at which the connections to changed rooms are checked again, seconds."""
ELSEWHERE_EVERY = 5
"""Number of checks after which the connections to rooms of other nodes are checked too."""
STEP = 500
"""Maximum number of connections that one step of a check handles. The event loop does other work
between two steps.
"""
MAX_PAST = 1_000
PASS = 86_400
"""Lifetime of the cookie with which an admitted person can watch a private room, seconds."""
COOKIE = "microlive-watch-"
"""Prefix of the name of the cookie with which a viewer can watch one private room."""
EXEMPT = ("/whip/", "/api/admin/")
"""Path prefixes that are not checked: the requests of publishers and operators need a key anyway.
"""
OF_SESSION = (hdrs.METH_PATCH, hdrs.METH_DELETE)
"""Methods that are not checked at the URL of a WHEP session. The URL is secret, and the session
ends when its viewer may no longer watch.
"""
WITHOUT_COOKIE = ("/whep/", "/hls/")
"""Path prefixes at which the cookie of a person gives no access. There, only a watch link or the
cookie of the room gives access. The cookie of a person is read only to refuse a banned person.
"""

Close = Callable[[RefusalCode, str], object]


@dataclass(frozen=True, slots=True)
class Pass:
    """How one request was admitted."""

    by: Requester
    token: str
    admission: Admission
    person: str
    """Id of the person whose ban would end the access; empty if the request names no person."""


@dataclass(slots=True, eq=False)
class Connection:
    """An open connection of a viewer."""

    room: str
    admitted: Pass
    """How the connection was admitted at its latest check."""
    close: Close = ignore
    """A function that closes the connection. The endpoint sets this function once the connection is
    open.
    """


PASS_KEY = web.RequestKey("pass", Pass)
"""Key under which a request stores its Pass."""
CHANGES_KEY = web.RequestKey("changes", int)
"""Key under which a request stores the value that `RoomModeration.admissions` had when the request
was checked.
"""


class Access:
    """Decides who may watch. Call `open()` first, `close()` at the end."""

    def __init__(
        self,
        rooms: Rooms,
        requesters: Requesters,
        settings: Settings,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._now = now
        self._rooms = rooms
        self._requesters = requesters
        self._settings = settings
        self._open: dict[str, dict[Connection, None]] = {}
        """The open connections by room."""
        self._past: OrderedDict[str, None] = OrderedDict()
        """Rooms that have ended and are not private. HLS viewers may still play the last media of
        such a room.
        """
        self._seen: dict[str, int] = {}
        """The value that `RoomModeration.admissions` had at the last check of a room's connections,
        by room.
        """
        self._checks = 0
        self._checking: asyncio.Task[None] | None = None

    def open(self) -> None:
        self._checking = asyncio.get_running_loop().create_task(self._check_for_ever())

    async def close(self) -> None:
        if self._checking:
            self._checking.cancel()
            await asyncio.wait([self._checking])

    # Requests

    @property
    def middleware(self) -> Middleware:
        """The middleware that refuses requests for rooms that the client may not watch. The
        middleware raises Forbidden, or NotFound if there is no such room.
        """

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            name = request.match_info.get("room")
            if name is not None and not _exempt(request):
                await self._require(request, name)
            return await handler(request)

        return middleware

    async def _require(self, request: web.Request, name: str) -> None:
        room = self._rooms.in_memory.find(name)
        if room is None:
            await self._require_past(request, name)
            return
        moderation = room.social.moderation
        request[CHANGES_KEY] = moderation.admissions
        if moderation.bans_people:
            moderation.require_not_banned(self._person(request))
        if room.record.visibility == "private":
            request[PASS_KEY] = await self._admit(request, name)

    async def _require_past(self, request: web.Request, name: str) -> None:
        """Checks a request as `_require` does, for a room that is not in memory."""
        of_hls = request.path.startswith("/hls/")
        if of_hls and name in self._past:
            return
        request[PASS_KEY] = await self._admit(request, name)
        if of_hls and not request[PASS_KEY].admission.private:
            self._past[name] = None
            if len(self._past) > MAX_PAST:
                self._past.popitem(last=False)

    async def _admit(self, request: web.Request, name: str) -> Pass:
        by, token = self._requester(request), _token(request, name)
        admission = await self._rooms.ask(name, Admit(by, token))
        return Pass(by, token, admission, self._person(request))

    def _requester(self, request: web.Request) -> Requester:
        if request.path.startswith(WITHOUT_COOKIE):
            return self._requesters.program(request)
        return self._requesters.reading(request)

    def _person(self, request: web.Request) -> str:
        """Returns the id of the person whose ban would prevent the access; empty if the request
        names no person.
        """
        if request.path.startswith(WITHOUT_COOKIE):
            return self._requesters.named(request)
        return self._requesters.reading(request).person.id

    async def may_see(self, request: web.Request, name: str) -> bool:
        """Whether the client may see private media of a room that is not in the path of the
        request. Raises StorageError.
        """
        by, token = self._requesters.reading(request), _token(request, name)
        return await self._rooms.executor.admits_privately(name, by, token)

    def cookie_for(self, request: web.Request, name: str) -> str | None:
        """Returns the value of a Set-Cookie header for the page of a private room. With the cookie,
        the viewer of the page can also load the other resources of the room. Returns None if the
        viewer needs no cookie: after the end of a live, the cookie of the person is enough.
        """
        admitted, room = request.get(PASS_KEY), self._rooms.in_memory.find(name)
        if admitted is None or not admitted.admission.private:
            return None
        now = self._now()
        if admitted.admission.link:
            value = admitted.token
            seconds = int((admitted.admission.expires_at or now) - now)
        elif room is not None and admitted.by.person.id:
            token = WatchToken(int(now) + PASS, person=admitted.by.person.id)
            value, seconds = write_token(token, name, room.record.key_hash), PASS
        else:
            return None
        secure = "; Secure" if is_https(request, self._settings) else ""
        return (
            f"{COOKIE}{name}={value}; Max-Age={max(seconds, 1)}; Path=/; HttpOnly; "
            f"SameSite=Lax{secure}"
        )

    # Connections

    @contextmanager
    def watching(self, request: web.Request, name: str) -> Iterator[Connection]:
        """Includes a connection in the checks until the context ends. A check closes the connection
        if its viewer has lost the right to watch.
        """
        connection = self.add(request, name)
        try:
            yield connection
        finally:
            self.remove(connection)

    def add(self, request: web.Request, name: str) -> Connection:
        """Includes a connection in the checks until `remove` is called."""
        admitted = request.get(PASS_KEY)
        if admitted is None:
            by, token = self._requester(request), _token(request, name)
            admitted = Pass(by, token, Admission(False), self._person(request))
        connection = Connection(name, admitted)
        self._open.setdefault(name, {})[connection] = None
        if self._seen.get(name) != request.get(CHANGES_KEY):
            # The room has changed since the request was checked: check the connections again.
            self._seen.pop(name, None)
        return connection

    def remove(self, connection: Connection) -> None:
        name = connection.room
        connections = self._open.get(name, {})
        connections.pop(connection, None)
        if not connections:
            self._open.pop(name, None)
            self._seen.pop(name, None)

    async def check(self) -> None:
        """Checks the connections of every room that has changed since the last check. In other
        private rooms, checks only the connections whose watch link has expired.
        """
        self._checks += 1
        for name in list(self._open):
            room = self._rooms.in_memory.find(name)
            if room is None:
                if self._checks % ELSEWHERE_EVERY == 0:
                    await self._check_elsewhere(name)
                continue
            moderation, now = room.social.moderation, self._now()
            changed = self._seen.get(name) != moderation.admissions
            self._seen[name] = moderation.admissions
            if not changed and room.record.visibility != "private":
                continue
            due = [
                connection
                for connection in self._open.get(name, ())
                if changed or connection.admitted.admission.ends_before(now)
            ]
            try:
                await self._check_room(room, due)
            except StorageError as error:
                self._seen.pop(room.name, None)  # check again once storage answers
                logger.debug("room %s: %s", room.name, error)

    async def _check_elsewhere(self, name: str) -> None:
        """Checks the connections of a private room that another node runs. That node itself closes
        the connections of the people whom it bans.
        """
        try:
            if (await self._rooms.ask(name, Describe())).visibility != "private":
                return
            for connection in list(self._open.get(name, ()))[:STEP]:
                admitted = connection.admitted
                try:
                    admission = await self._rooms.ask(name, Admit(admitted.by, admitted.token))
                except Refusal as refusal:
                    if refusal.status != 403:
                        raise
                    connection.close(refusal.code, str(refusal))
                else:
                    connection.admitted = replace(admitted, admission=admission)
        except (Refusal, StorageError) as error:  # the node is away, or the room has just ended
            logger.debug("room %s: %s", name, error)

    async def _check_room(self, room: Room, due: list[Connection]) -> None:
        """Checks these connections of a room, in steps of at most STEP connections. Each step asks
        storage once.
        """
        allowed = [connection for connection in due if self._is_allowed(room, connection)]
        if room.record.visibility != "private":
            return
        for first in range(0, len(allowed), STEP):
            step = allowed[first : first + STEP]
            requests = [(one.admitted.by, one.admitted.token) for one in step]
            decisions = await room.social.admit_all(requests)
            for connection, decision in zip(step, decisions, strict=True):
                if isinstance(decision, Refusal):
                    connection.close(decision.code, str(decision))
                else:
                    connection.admitted = replace(connection.admitted, admission=decision)

    def _is_allowed(self, room: Room, connection: Connection) -> bool:
        """Returns False, and closes the connection, if the person who watches is banned. Otherwise
        returns True.
        """
        try:
            room.social.moderation.require_not_banned(connection.admitted.person)
        except Forbidden as refusal:
            connection.close(refusal.code, str(refusal))
            return False
        return True

    async def _check_for_ever(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY)
            try:
                await self.check()
            except Exception:
                logger.exception("the check of who may watch failed")


def _exempt(request: web.Request) -> bool:
    """Whether a request for a room needs no check."""
    of_session = request.path.startswith("/whep/") and request.method in OF_SESSION
    return of_session or request.method == hdrs.METH_OPTIONS or request.path.startswith(EXEMPT)


def _token(request: web.Request, name: str) -> str:
    """Returns the token of a watch link, from the URL or from the cookie of the room."""
    token = request.query.get("k") or request.cookies.get(f"{COOKIE}{name}", "")
    return token if len(token) <= MAX_TOKEN else ""
