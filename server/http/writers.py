"""Admits people who write: stores them with their first write, and reads from storage whether a
device may still write.
"""

import asyncio
import time
from collections.abc import Callable

from aiohttp import hdrs, web

from relay.errors import RefusalCode
from server.http.limits import RateLimiter
from server.http.request import charge, client_of
from server.people.admitted import Admitted
from server.people.counters import PeopleCounters
from server.people.device_label import device_label
from server.people.person import Person, Visitor
from server.settings import Settings
from server.storage.people import PersonRecord, PersonStore


class Writers:
    """Admits people to write."""

    def __init__(
        self,
        people: PersonStore,
        counters: PeopleCounters,
        settings: Settings,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._people = people
        self._counters = counters
        self._settings = settings
        self._clock = clock
        self._admitted = Admitted()
        self.new_people = RateLimiter(settings.max_people_per_address_hour, 3_600.0)

    async def admit(
        self, request: web.Request, visitor: Visitor, *, renewed: bool
    ) -> Person | None:
        """Returns the person as stored; None if the device is signed out or the person is deleted.
        First stores the person and the device if they are new. `renewed`: whether the visitor gets
        a new cookie, which happens about once a day. Raises TooManyRequests and StorageError.
        """
        now = asyncio.get_running_loop().time()
        person = self._admitted.find(visitor.device, visitor.person.id, now)
        if person is not None:
            return person
        if not visitor.stored:
            await self._store(request, visitor)
        elif renewed:
            await self._people.see(visitor.person.id, visitor.device, self._clock())
        record = await self._people.admit(visitor.person.id, visitor.device)
        if record is None:
            return None
        person = person_of(record)
        if record.delete_at is None:
            self._admitted.keep(visitor.device, person, now)
        return person

    def forget(self, device: str) -> None:
        """Makes `admit` read the person from storage at the next write of the device. Call this
        method after a change to the person.
        """
        self._admitted.forget(device)

    async def _store(self, request: web.Request, visitor: Visitor) -> None:
        charge(
            self.new_people,
            client_of(request, self._settings).address,
            "too many new people from this address",
            RefusalCode.TOO_MANY_PEOPLE,
        )
        await self._people.add(
            visitor.person.id,
            visitor.person.name,
            visitor.person.colour,
            visitor.device,
            device_label(request.headers.get(hdrs.USER_AGENT, "")),
            self._clock(),
        )
        self._counters.stored += 1


def person_of(record: PersonRecord) -> Person:
    return Person(record.id, record.name, record.colour, record.handle)
