"""Signs a browser in as another person: the answer describes the person and sets a new cookie."""

import secrets
import time
from typing import Annotated

from aiohttp import hdrs, web
from pydantic import Field

from server.http.identity import ID_BYTES, Identity
from server.http.payloads import Payload, reply
from server.http.people import PersonBody, body_of
from server.people.device_label import device_label
from server.people.person import Person, Visitor
from server.storage.account import AccountRecord
from server.storage.arrivals import Arrival

SIGN_INS_PER_HOUR = 30
"""Maximum number of sign-ins of one person per hour, for each kind of sign-in. Storage keeps every
device for 400 days.
"""


class SignedIn(Payload):
    """The answer to a sign-in: the person as whom the browser is signed in."""

    person: PersonBody
    delete_at: Annotated[
        float | None, Field(description="Unix seconds at which the person is deleted")
    ]


def label_of(request: web.Request) -> str:
    """Returns the name of the browser for the list of devices."""
    return device_label(request.headers.get(hdrs.USER_AGENT, ""))


def arrival_of(request: web.Request, visitor: Visitor) -> Arrival:
    """Returns the description of the browser for storage. `visitor`: the visitor whom the browser's
    cookie described before the sign-in.
    """
    device = secrets.token_urlsafe(ID_BYTES)
    return Arrival(device, label_of(request), visitor.device, time.time())


def signed_in(
    request: web.Request, identity: Identity, record: AccountRecord, arrival: Arrival
) -> web.Response:
    """Returns the answer that signs the browser in. Call this function after storing the device."""
    identity.revocations.add(arrival.leaves)
    person = Person(record.id, record.name, record.colour, record.handle)
    identity.set_cookie(request, Visitor(person, arrival.device, True))
    return reply(SignedIn, {"person": body_of(person), "delete_at": record.delete_at})
