"""Cookies that are accepted, refused and renewed."""

import pytest
from itsdangerous import Signer

from server.people.cookie import FIRST_USE, LIFETIME, MAX_COOKIE, RENEW_AFTER, CookieKey, CookieKeys
from server.people.person import Person, Visitor

NOW = 1_800_000_000.0
VISITOR = Visitor(Person("p" * 16, "다크걸", 7, "🌊"), "d" * 16, True)
OLD = CookieKey("1", b"old" * 8, NOW - 900)
NEW = CookieKey("2", b"new" * 8, NOW)


def read(keys: CookieKeys, value: str, now: float = NOW) -> Visitor | None:
    cookie = keys.read(value, now)
    return cookie.visitor if cookie else None


def test_a_cookie_describes_the_visitor() -> None:
    keys = CookieKeys([OLD])
    assert read(keys, keys.write(VISITOR, NOW)) == VISITOR
    guest = Visitor(Person("p", "Quiet Otter", 0), "d")
    assert read(keys, keys.write(guest, NOW)) == guest


def test_the_longest_cookie_is_accepted() -> None:
    keys = CookieKeys([OLD])
    visitor = Visitor(Person("p" * 32, "\u0e01" * 53 + "a", 11, "\u0e01" * 40), "d" * 32)
    value = keys.write(visitor, NOW)
    assert len(value) < MAX_COOKIE / 2 and read(keys, value) == visitor


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            ".",
            "...",
            "1",
            "1..",
            "1.e30.",
            "2.e30.x",
            "é.é.é",
            "1.\ud800.x",
            "1." + "A" * 10_000,
        ),
        *("[" * 2_000, "\0"),
    ],
    ids=lambda value: ascii(value)[:12],
)
def test_forged_cookies(value: str) -> None:
    assert CookieKeys([OLD]).read(value, NOW) is None


def test_every_changed_character_is_found() -> None:
    keys = CookieKeys([OLD, CookieKey("3", OLD.secret + b"!", NOW - 900)])
    value = keys.write(VISITOR, NOW)
    for place in range(len(value) - 1):
        other = "3" if value[place] != "3" else "1"
        assert keys.read(value[:place] + other + value[place + 1 :], NOW) is None
    assert CookieKeys([CookieKey("1", b"other", 0)]).read(value, NOW) is None


def test_cookies_expire_and_are_renewed() -> None:
    keys = CookieKeys([OLD])
    value = keys.write(VISITOR, NOW)
    cookie = keys.read(value, NOW)
    assert cookie
    assert not keys.due(cookie, NOW + RENEW_AFTER) and keys.due(cookie, NOW + RENEW_AFTER + 1)
    assert read(keys, value, NOW + LIFETIME - 1) == VISITOR
    assert keys.read(value, NOW + LIFETIME) is None
    assert read(keys, value, NOW - 3_600) == VISITOR, "the clock of another server may be ahead"
    assert keys.read(value, NOW - 7 * 86_400) is None


def test_a_new_key_signs_once_every_server_knows_it() -> None:
    """Cookies of the old key stay valid and are renewed."""
    keys = CookieKeys([OLD, NEW])
    assert (keys.signing(NOW), keys.signing(NOW + FIRST_USE)) == ("1", "2")
    cookie = keys.read(keys.write(VISITOR, NOW), NOW + FIRST_USE)
    assert cookie and cookie.visitor == VISITOR and keys.due(cookie, NOW + FIRST_USE)


def test_a_retired_key_signs_and_verifies_nothing() -> None:
    keys = CookieKeys([OLD])
    value = keys.write(VISITOR, NOW)
    keys.replace([CookieKey("1", OLD.secret, OLD.created_at, NOW + FIRST_USE), NEW])
    assert read(keys, value, NOW + FIRST_USE - 1) == VISITOR
    assert keys.read(value, NOW + FIRST_USE) is None
    assert keys.signing(NOW + FIRST_USE) == "2"


def test_the_first_key_signs_at_once() -> None:
    assert CookieKeys([NEW]).signing(NOW) == "2"
    with pytest.raises(LookupError):
        CookieKeys().signing(NOW)


def test_a_cookie_is_verified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other checks are made each time."""
    verified: list[bytes] = []
    unsign = Signer.unsign

    def counted(self: Signer, value: bytes) -> bytes:
        verified.append(value)
        return unsign(self, value)

    monkeypatch.setattr(Signer, "unsign", counted)
    keys = CookieKeys([OLD, NEW])
    value = keys.write(VISITOR, NOW)
    for _ in range(3):
        keys.replace([OLD, NEW])  # as they are read again every few seconds
        assert read(keys, value) == VISITOR
    assert len(verified) == 1
    assert read(keys, value, NOW + LIFETIME + 1) is None
    keys.replace([CookieKey(OLD.id, OLD.secret, OLD.created_at, NOW + 5), NEW])
    assert read(keys, value) == VISITOR and read(keys, value, NOW + 5) is None
    keys.replace([NEW])
    assert read(keys, value) is None
    keys.replace([CookieKey(OLD.id, b"other" * 8, OLD.created_at)])
    assert read(keys, value) is None
