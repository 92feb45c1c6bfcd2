"""Operations for pushes."""

from relay.errors import RefusalCode as Code
from server.http.operations.operation import Operation
from server.http.operations.refusals import JSON_BODY, PERSON, STORED_PERSON, Refusals, merged
from server.http.push import PushKey, Subscribe, Subscribed, Subscriptions

OFF: Refusals = {404: (Code.PUSH_OFF,)}

OPERATIONS = (
    Operation(
        "GET",
        "/api/push/key",
        "The key with which browsers subscribe to pushes",
        {200: (PushKey,)},
        OFF,
    ),
    Operation(
        "GET",
        "/api/push/subscriptions",
        "The browsers of the person that get pushes",
        {200: (Subscriptions,)},
        PERSON,
    ),
    Operation(
        "POST",
        "/api/push/subscriptions",
        "Send pushes to this browser. The sixth browser replaces the oldest one",
        {201: (Subscribed,)},
        merged(STORED_PERSON, JSON_BODY, OFF, {422: (Code.BAD_SUBSCRIPTION,)}),
        body=Subscribe,
    ),
    Operation(
        "DELETE",
        "/api/push/subscriptions/{id}",
        "Send no more pushes to a browser of the person",
        {204: ()},
        merged(STORED_PERSON, {404: (Code.SUBSCRIPTION_NOT_FOUND,)}),
    ),
)
