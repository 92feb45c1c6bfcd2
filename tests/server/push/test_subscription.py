"""Which subscriptions the server accepts."""

import pytest

from server.push.subscription import MAX_ENDPOINT, Subscription, SubscriptionError
from tests.fixtures.push_service import Phone

KEYS = Phone().subscription["keys"]


def subscription(endpoint: str = "https://push.example/a", **keys: str) -> Subscription:
    return Subscription(endpoint, **{**KEYS, **keys})


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        ("https://push.example/a", "https://push.example"),
        ("https://Updates.Push.Example:443/wpush/v2/gAAA-_=?x=1&y", "https://updates.push.example"),
        ("https://fcm.example.co.kr/fcm/send/cX:APA91b", "https://fcm.example.co.kr"),
    ],
)
def test_endpoints(endpoint: str, origin: str) -> None:
    found = subscription(endpoint)
    found.check()
    assert found.origin == origin


@pytest.mark.parametrize(
    "endpoint",
    [
        *("", "push.example/a", "/a", "http://push.example/a", "ftp://push.example/a"),
        *("https://127.0.0.1/a", "https://[::1]/a", "https://2130706433/a", "https://0x7f.1/a"),
        *(
            "https://127.1/a",
            "https://a.0x7f000001/a",
            "https://localhost/a",
            "https://localhost./a",
        ),
        *("https://push.example:8443/a", "https://push.example:22/a", "https://push.example"),
        *(
            "https://user@push.example/a",
            "https://push.example@127.0.0.1/a",
            "https:push.example/a",
        ),
        *(
            "https://push.example\\@127.0.0.1/a",
            "https://push.example#/a",
            "https://push.example?/a",
        ),
        *("https://푸시.example/a", "https://push..example/a", "https://-push.example/a"),
        *("https://push.example/a b", "https://push.example/a#b", "https://push.example/\n"),
        *("https://push.example/\0", " https://push.example/a", "https://push.example/푸"),
        "https://push.example/" + "a" * MAX_ENDPOINT,
    ],
)
def test_endpoints_that_are_refused(endpoint: str) -> None:
    with pytest.raises(SubscriptionError, match="https URL"):
        subscription(endpoint).check()


@pytest.mark.parametrize(
    ("keys", "match"),
    [
        ({"p256dh": ""}, "p256dh"),
        ({"p256dh": "BA" + "A" * 85}, "p256dh"),  # no point of the curve
        ({"p256dh": KEYS["p256dh"][:-1]}, "p256dh"),
        ({"p256dh": KEYS["p256dh"] + "AAAA"}, "p256dh"),
        ({"p256dh": "푸" * 87}, "p256dh"),
        ({"auth": ""}, "auth"),
        ({"auth": "a" * 21}, "auth"),
        ({"auth": "+" * 22}, "auth"),
    ],
)
def test_keys_that_are_refused(keys: dict[str, str], match: str) -> None:
    with pytest.raises(SubscriptionError, match=match):
        subscription(**keys).check()


def test_keys_may_have_padding() -> None:
    subscription(p256dh=KEYS["p256dh"] + "=", auth=KEYS["auth"] + "==").check()
