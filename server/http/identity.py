"""Finds out who sends a request: reads the visitor's cookie, or makes a new guest.

A request with a bearer key comes from a program. The cookie of such a request is never read.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import hdrs, web

from relay.client_address import keys_of
from relay.errors import RefusalCode
from server.errors import Forbidden, Unauthorized
from server.http.auth import bearer_token
from server.http.hosts import Origins
from server.http.limits import RateLimiter
from server.http.own_pages import OwnPages
from server.http.request import client_of, is_https
from server.http.writers import Writers
from server.people.cookie import (
    COOKIE_NAME,
    LIFETIME,
    Cookie,
    CookieKey,
    CookieKeys,
    cookie_name,
)
from server.people.counters import PeopleCounters
from server.people.guest_names import guest_name
from server.people.person import COLOURS, Person, Visitor
from server.people.revocations import Revocations
from server.rooms.watching import Watched
from server.settings import Settings
from server.site.strings import COOKIE as LANGUAGE_COOKIE
from server.site.strings import language_of
from server.storage.cookie_keys import CookieKeyStore
from server.storage.errors import StorageError
from server.storage.people import PersonStore

logger = logging.getLogger(__name__)

REFRESH_EVERY = 4.0
"""Interval at which keys and sign-outs are read from storage, seconds. This server therefore knows
of a sign-out at another server within 5 s.
"""
OVERLAP = 60.0
"""Overlap between the periods of two consecutive reads of sign-outs, seconds. Without the overlap,
a read could miss sign-outs: the clocks of servers differ, and a sign-out becomes visible only after
its commit.
"""
INSTALLATION_BYTES = 4
"""Number of random bytes in the id of a database."""
ID_BYTES = 12
"""Number of random bytes in the id of a person or a device."""


@dataclass(slots=True)
class Visit:
    """The known data about the visitor of one request."""

    cookie: Cookie | None
    visitor: Visitor | None
    answer: Visitor | None = None
    """The visitor for whom the answer sets a cookie."""
    formerly_named: bool = False
    """Whether the cookie has the name that older versions used."""
    forget: bool = False
    """Whether the answer removes the cookie."""


VISIT = web.RequestKey("visit", Visit)
"""Key under which a request stores its Visit."""


class Identity:
    """Reads and writes the cookies of visitors. Call `open()` first, `close()` at the end."""

    def __init__(
        self,
        people: PersonStore,
        cookie_keys: CookieKeyStore,
        origins: Origins,
        settings: Settings,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.revocations = Revocations()
        self.counters = PeopleCounters()
        self.keys = CookieKeys()
        self.cookie_name = COOKIE_NAME
        """Name of the cookie. `open()` adds the id of the database."""
        self._people = people
        self._cookie_keys = cookie_keys
        self._own_pages = OwnPages(origins, settings)
        self._settings = settings
        self._clock = clock
        self._writers = Writers(people, self.counters, settings, clock)
        self._known_until = 0.0
        self._refreshing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Reads the keys of cookies, and makes the first key if storage has none. Raises
        StorageError.
        """
        await self._cookie_keys.add_first(secrets.token_bytes(32), self._clock())
        new = secrets.token_hex(INSTALLATION_BYTES)
        self.cookie_name = cookie_name(await self._cookie_keys.installation(new))
        await self.refresh()
        self._refreshing = asyncio.get_running_loop().create_task(self._refresh_for_ever())

    async def close(self) -> None:
        if self._refreshing:
            self._refreshing.cancel()
            await asyncio.wait([self._refreshing])

    async def refresh(self) -> None:
        """Reads the keys and the latest sign-outs from storage. Raises StorageError."""
        now = self._clock()
        records = await self._cookie_keys.valid(now)
        self.keys.replace(
            CookieKey(record.id, record.secret, record.created_at, record.retired_at)
            for record in records
        )
        for device in await self._people.revoked_devices(self._known_until - OVERLAP):
            self.revocations.add(device)
        self._known_until = now

    async def _refresh_for_ever(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_EVERY)
            try:
                await self.refresh()
            except StorageError as error:
                logger.warning("cannot read the keys of cookies: %s", error)

    # Who sends a request

    @property
    def new_people(self) -> RateLimiter:
        """Limits the new people of each address."""
        return self._writers.new_people

    def apply(self, settings: Settings) -> None:
        """Changes the limit of new people to that of other settings."""
        self._writers.new_people.limit = settings.max_people_per_address_hour

    def visitor_of(self, request: web.Request) -> Visitor | None:
        """Returns the visitor whom the cookie describes, without reading storage. Returns None if
        there is no valid cookie, if the request has a bearer key or comes from a page of another
        origin, or if the device is known to be signed out.
        """
        return self._visit(request).visitor

    def named_by(self, request: web.Request) -> str:
        """Returns the id of the person whom the cookie describes; empty if `visitor_of` returns
        None. Does not change the answer: the cookie is not renewed, and caches may store the
        answer.
        """
        visitor = self._read(request).visitor
        return visitor.person.id if visitor else ""

    async def require_person(self, request: web.Request, *, store: bool = True) -> Person:
        """Returns the person who sends the request; a visitor without a cookie becomes a guest.

        `store`: whether the person must be in storage, because the request writes something about
        the person. Otherwise only the cookie describes a new guest.

        Raises Forbidden if the request changes something and comes from a page of another origin.
        Raises Unauthorized if the device is signed out or the request has a bearer key. Raises
        TooManyRequests if there are too many new people from the address. Raises StorageError.
        """
        return (await self.require_visitor(request, store=store)).person

    async def require_visitor(self, request: web.Request, *, store: bool = True) -> Visitor:
        """Does the same as `require_person`, but returns the visitor: the person and the device."""
        if bearer_token(request):
            raise Unauthorized(
                RefusalCode.SIGNED_OUT, "a request with a bearer key has no person: send the cookie"
            )
        if not self._own_pages.sent(request):
            raise Forbidden(
                RefusalCode.FOREIGN_ORIGIN,
                "only pages of this server may do this: send the server's origin as Origin header",
            )
        visit = self._visit(request)
        if visit.visitor is None and visit.cookie is not None and store:
            raise self._signed_out(visit)
        visitor = visit.visitor
        if visitor is None:
            visitor = self.new_guest(request)
        return await self._stored(request, visit, visitor) if store else visitor

    async def require_known(self, request: web.Request) -> Visitor:
        """Does the same as `require_visitor`, but does not store a guest who is not stored yet."""
        visitor = await self.require_visitor(request, store=False)
        visit = self._visit(request)
        if visit.cookie and visit.cookie.visitor.device in self.revocations:
            raise self._signed_out(visit)
        return await self.require_visitor(request) if visitor.stored else visitor

    def watching(self, request: web.Request, room: Watched) -> str | None:
        """Returns the id of the person who is about to watch the room, and tells the room the name
        of the person. If the browser has no cookie, makes a guest: the room then counts the visitor
        only once, even if the browser reconnects. Returns None for a program.
        """
        visit = self._visit(request)
        visitor = visit.visitor
        if visitor is None and visit.cookie is None and self._own_pages.certainly_sent(request):
            visitor = self.new_guest(request)
        if visitor is None:
            return None
        network = keys_of(client_of(request, self._settings).address).network
        room.meet(visitor.person, network)
        return visitor.person.id

    def new_guest(self, request: web.Request) -> Visitor:
        """Returns a new guest, whom the cookie in the answer describes. Storage has no data of the
        guest yet.
        """
        language = language_of(
            request.cookies.get(LANGUAGE_COOKIE), request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
        )
        name = guest_name(language, secrets.randbits(32))
        person = Person(secrets.token_urlsafe(ID_BYTES), name, secrets.randbelow(COLOURS))
        visitor = Visitor(person, secrets.token_urlsafe(ID_BYTES))
        self.counters.guests += 1
        self.set_cookie(request, visitor)
        return visitor

    async def owner_of_new_room(self, request: web.Request) -> str | None:
        """Returns the id of the person to whom a new room belongs. Returns None if a program
        creates the room: the request has no valid cookie, or does not come from a page of this
        server.

        A page may send the create token in addition to the cookie. Raises the errors of
        `require_person`.
        """
        if not self._own_pages.sent(request) or (
            bearer_token(request) and hdrs.ORIGIN not in request.headers
        ):
            return None
        visit = request[VISIT] = self._read_cookie(request)
        if visit.cookie is None:
            return None
        if visit.visitor is None:
            raise self._signed_out(visit)
        return (await self._stored(request, visit, visit.visitor)).person.id

    async def owner_of(self, request: web.Request) -> str:
        """Returns the id of the person who sends the request, for a comparison with the owner of a
        room. Returns an empty string if the request has a bearer key or no stored person. Raises
        the errors of `require_person`.
        """
        visitor = self.visitor_of(request)
        if visitor is None or not visitor.stored:
            return ""
        return (await self.require_person(request)).id

    def set_cookie(self, request: web.Request, visitor: Visitor) -> None:
        """Adds a new cookie to the answer of this request, for example after a sign-in."""
        visit = self._visit(request)
        visit.visitor, visit.answer, visit.forget = visitor, visitor, False
        self._writers.forget(visitor.device)

    def forget_admission(self, device: str) -> None:
        """Makes the server read the person from storage at the next write of the device. Call this
        method after a change to the person.
        """
        self._writers.forget(device)

    def forget_cookie(self, request: web.Request) -> None:
        """Makes the answer to this request remove the cookie."""
        visit = self._visit(request)
        visit.visitor, visit.answer, visit.forget = None, None, True

    async def prepare(self, request: web.Request, response: web.StreamResponse) -> None:
        """Adds the cookie to the answer, and keeps caches from storing an answer that depends on
        the visitor. This method is the server's handler for `on_response_prepare`.
        """
        visit = request.get(VISIT)
        if visit is None:
            return
        response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
        if not (visit.answer or visit.forget):
            return
        value, age = "", 0
        if visit.answer:
            value, age = self.keys.write(visit.answer, self._clock()), LIFETIME
        secure = "; Secure" if is_https(request, self._settings) else ""
        cookies = [(self.cookie_name, value, age)]
        if visit.formerly_named:
            cookies.append((COOKIE_NAME, "", 0))
        for name, value, age in cookies:
            response.headers.add(
                hdrs.SET_COOKIE,
                f"{name}={value}; Max-Age={age}; Path=/; HttpOnly; SameSite=Lax{secure}",
            )
        response.headers[hdrs.CACHE_CONTROL] = "no-store"

    def _visit(self, request: web.Request) -> Visit:
        visit = request.get(VISIT)
        if visit is None:
            visit = request[VISIT] = self._read(request)
        return visit

    def _read(self, request: web.Request) -> Visit:
        if bearer_token(request) or not self._own_pages.sent(request):
            return Visit(None, None)
        return self._read_cookie(request)

    def _read_cookie(self, request: web.Request) -> Visit:
        value = request.cookies.get(self.cookie_name)
        # A cookie with the former name is from an older version of this server, or from another
        # server at this host. The keys accept only cookies that a server with this database has
        # signed.
        former = value is None
        value = request.cookies.get(COOKIE_NAME) if value is None else value
        if value is None:
            return Visit(None, None)
        now = self._clock()
        cookie = self.keys.read(value, now)
        if cookie is None:
            self.counters.refused_cookies += 1
            return Visit(None, None)
        if cookie.visitor.device in self.revocations:
            return Visit(cookie, None, formerly_named=former)
        renewed = cookie.visitor if former or self.keys.due(cookie, now) else None
        return Visit(cookie, cookie.visitor, renewed, former)

    async def _stored(self, request: web.Request, visit: Visit, visitor: Visitor) -> Visitor:
        """Returns the visitor with the data of the person from storage. First stores the person and
        the device if they are new.
        """
        renewed = visit.answer is not None
        person = await self._writers.admit(request, visitor, renewed=renewed)
        if person is None:
            raise self._signed_out(visit)
        known = Visitor(person, visitor.device, True)
        if known != visitor:
            visit.visitor, visit.answer, visit.forget = known, known, False
        return known

    def _signed_out(self, visit: Visit) -> Unauthorized:
        self.counters.signed_out += 1
        if visit.cookie:
            self.revocations.add(visit.cookie.visitor.device)
        visit.visitor, visit.answer, visit.forget = None, None, True
        return Unauthorized(
            RefusalCode.SIGNED_OUT, "this device was signed out: GET /api/me makes a new guest"
        )
