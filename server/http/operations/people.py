"""Operations for the person of this browser: name, handle, follows, hidden people, devices and
data.
"""

from relay.errors import RefusalCode as Code
from server.http.arrival import SignedIn
from server.http.devices import DeviceList
from server.http.follows import Followers, Follows, LiveFollows, Profile
from server.http.hidden import HiddenList
from server.http.operations.operation import JSON, Operation
from server.http.operations.refusals import (
    JSON_BODY,
    LOOKUP,
    NAME,
    PERSON,
    PERSON_IN_PATH,
    STORAGE,
    STORED_PERSON,
    merged,
)
from server.http.people import ChangeMe, HandleAnswer, Me, TakeHandle

OPERATIONS = (
    Operation(
        "GET",
        "/api/me",
        "The person of this browser. A browser without a cookie becomes a guest",
        {200: (Me,)},
        PERSON,
    ),
    Operation(
        "PATCH",
        "/api/me",
        "Change the name, the language, or the texts on the page of the holder of a handle",
        {200: (Me,)},
        merged(
            STORED_PERSON,
            JSON_BODY,
            NAME,
            {409: (Code.NO_HANDLE,), 422: (Code.BAD_LANGUAGE, Code.BAD_BIO, Code.BAD_LINK)},
        ),
        body=ChangeMe,
    ),
    Operation(
        "PUT",
        "/api/me/handle",
        "Take or change the handle",
        {200: (HandleAnswer,)},
        merged(STORED_PERSON, JSON_BODY, NAME, {409: (Code.HANDLE_TAKEN,)}),
        body=TakeHandle,
    ),
    Operation(
        "GET",
        "/api/me/follows",
        "The people whom the person of this browser follows. No other person can read this list",
        {200: (Follows,)},
        PERSON,
    ),
    Operation(
        "GET",
        "/api/me/follows/live",
        "How many of the followed people are live",
        {200: (LiveFollows,)},
        PERSON,
    ),
    Operation(
        "PUT",
        "/api/follows/{person}",
        "Follow a person",
        {200: (Followers,)},
        merged(
            STORED_PERSON,
            PERSON_IN_PATH,
            {409: (Code.TOO_MANY_FOLLOWS,), 422: (Code.NOT_YOURSELF,)},
        ),
    ),
    Operation(
        "DELETE",
        "/api/follows/{person}",
        "Stop following a person",
        {200: (Followers,)},
        merged(STORED_PERSON, PERSON_IN_PATH),
    ),
    Operation(
        "GET",
        "/api/handles/{handle}",
        "The holder of a handle: followers and lives",
        {200: (Profile,)},
        merged(STORAGE, LOOKUP, {404: (Code.HANDLE_NOT_FOUND,)}),
    ),
    Operation(
        "DELETE", "/api/me", "Delete the person, some days later", {200: (SignedIn,)}, STORED_PERSON
    ),
    Operation(
        "POST",
        "/api/me/restore",
        "Undo the deletion of the person",
        {200: (SignedIn,)},
        STORED_PERSON,
    ),
    Operation(
        "GET",
        "/api/me/data",
        "Everything that is stored about the person",
        {200: (JSON,)},
        merged(STORED_PERSON, {429: (Code.TOO_MANY_DOWNLOADS,)}),
    ),
    Operation(
        "GET",
        "/api/me/devices",
        "Where the person is signed in",
        {200: (DeviceList,)},
        STORED_PERSON,
    ),
    Operation("DELETE", "/api/me/devices", "Sign out every other device", {204: ()}, STORED_PERSON),
    Operation(
        "DELETE",
        "/api/me/devices/{device}",
        "Sign out one device",
        {204: ()},
        merged(STORED_PERSON, {404: (Code.DEVICE_NOT_FOUND,)}),
    ),
    Operation("GET", "/api/me/hidden", "The hidden people", {200: (HiddenList,)}, STORED_PERSON),
    Operation(
        "PUT",
        "/api/me/hidden/{person}",
        "Hide another person",
        {204: ()},
        merged(STORED_PERSON, PERSON_IN_PATH, {409: (Code.TOO_MANY_HIDDEN,)}),
    ),
    Operation("DELETE", "/api/me/hidden/{person}", "Show a person again", {204: ()}, STORED_PERSON),
)
