"""Passkeys over HTTP, with an authenticator in software."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from server.http import sign_in
from server.people.challenge import LIFETIME
from server.people.sign_in import MAX_PASSKEYS
from tests.fixtures.passkey import Authenticator
from tests.fixtures.people import Browser
from tests.fixtures.server import Server, running

OPTIONS, PASSKEYS = "/api/me/passkeys/options", "/api/me/passkeys"
SIGN_IN_OPTIONS, SIGN_IN = "/api/sign-in/options", "/api/sign-in"


@pytest.fixture
def url(server: Server) -> str:
    """The URL of the server with a host name, which passkeys need."""
    return server.url.replace("127.0.0.1", "localhost")


@pytest_asyncio.fixture
async def browser(url: str) -> AsyncIterator[Browser]:
    async with Browser(url) as browser:
        yield browser


@pytest_asyncio.fixture
async def other(url: str) -> AsyncIterator[Browser]:
    async with Browser(url) as browser:
        yield browser


@pytest.fixture
def authenticator(url: str) -> Authenticator:
    return Authenticator("localhost", url)


async def options(browser: Browser, path: str = OPTIONS) -> dict[str, Any]:
    status, answer = await browser.ask("POST", path, {})
    assert status == 200, answer
    assert isinstance(answer, dict)
    return answer


async def register(browser: Browser, made: Authenticator) -> None:
    credential = made.register(await options(browser))
    status, answer = await browser.ask("POST", PASSKEYS, {"credential": credential})
    assert status == 201, answer


async def refused(browser: Browser, path: str, credential: object) -> tuple[int, str]:
    status, answer = await browser.ask("POST", path, {"credential": credential})
    assert status >= 400
    return status, answer["code"]


async def test_a_passkey_signs_another_browser_in(
    server: Server, browser: Browser, other: Browser, authenticator: Authenticator
) -> None:
    await browser.ask("PUT", "/api/me/handle", {"handle": "다크걸"})
    asked = await options(browser)
    assert (asked["rp"]["id"], asked["user"]["name"]) == ("localhost", "다크걸")
    headers = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Firefox/145.0"}
    credential = authenticator.register(asked)
    status, answer = await browser.ask("POST", PASSKEYS, {"credential": credential}, headers)
    assert status == 201
    passkey = answer["passkey"]
    assert (passkey["label"], passkey["used_at"]) == ("Firefox · Linux", None)
    assert (await browser.ask("GET", PASSKEYS))[1] == {"passkeys": [passkey], "possible": True}

    guest = (await other.person())["id"]
    asked = await options(other, SIGN_IN_OPTIONS)
    status, answer = await other.ask("POST", SIGN_IN, {"credential": authenticator.sign_in(asked)})
    assert status == 200 and answer["delete_at"] is None
    assert answer["person"]["handle"] == "다크걸" and answer["person"]["id"] != guest
    assert await other.person() == await browser.person() == answer["person"]
    [used] = (await other.ask("GET", PASSKEYS))[1]["passkeys"]
    assert used["used_at"] == pytest.approx(time.time(), abs=60)
    devices = (await other.ask("GET", "/api/me/devices"))[1]["devices"]
    assert [device["current"] for device in devices] == [True, False]
    assert server.identity.counters.passkey_sign_ins == 1


async def test_the_browser_leaves_the_device_that_it_was(
    server: Server, browser: Browser, other: Browser, authenticator: Authenticator
) -> None:
    """The cookie of the guest is refused afterwards."""
    await register(browser, authenticator)
    await other.ask("PUT", "/api/me/handle", {"handle": "before"})
    async with Browser(other.url, cookie=other.cookie) as copy:
        asked = await options(other, SIGN_IN_OPTIONS)
        assert (
            await other.status("POST", SIGN_IN, {"credential": authenticator.sign_in(asked)}) == 200
        )
        assert await copy.status("DELETE", "/api/me/devices") == 401


async def test_a_removed_passkey_signs_no_one_in(
    browser: Browser, other: Browser, authenticator: Authenticator
) -> None:
    await register(browser, authenticator)
    [passkey] = (await browser.ask("GET", PASSKEYS))[1]["passkeys"]
    path = f"{PASSKEYS}/{passkey['id']}"
    assert await other.status("DELETE", path) == 404
    assert await browser.status("DELETE", path) == 204
    assert await browser.status("DELETE", path) == 404
    assert await browser.status("DELETE", f"{PASSKEYS}/%EA%B0%80") == 404
    asked = await options(other, SIGN_IN_OPTIONS)
    body = authenticator.sign_in(asked)
    assert await refused(other, SIGN_IN, body) == (403, "wrong_credential")


async def test_a_challenge_is_used_once(
    browser: Browser, other: Browser, authenticator: Authenticator
) -> None:
    """Neither a repeated registration nor a repeated sign-in is accepted."""
    asked = await options(browser)
    assert (
        await browser.status("POST", PASSKEYS, {"credential": authenticator.register(asked)}) == 201
    )
    again = Authenticator("localhost", browser.url, credential_id=b"another passkey")
    assert await refused(browser, PASSKEYS, again.register(asked)) == (403, "wrong_challenge")

    body = authenticator.sign_in(await options(browser, SIGN_IN_OPTIONS))
    async with Browser(browser.url, cookie=browser.cookie) as copy:
        assert await browser.status("POST", SIGN_IN, {"credential": body}) == 200
        assert await refused(copy, SIGN_IN, body) == (403, "wrong_challenge")


async def test_a_challenge_of_another_browser_or_purpose_is_refused(
    browser: Browser, other: Browser, authenticator: Authenticator
) -> None:
    await register(browser, authenticator)
    stolen = authenticator.sign_in(await options(browser, SIGN_IN_OPTIONS))
    assert await refused(other, SIGN_IN, stolen) == (403, "wrong_challenge")
    asked = await options(other)
    assert await refused(other, SIGN_IN, authenticator.sign_in(asked)) == (403, "wrong_challenge")
    made = {**await options(other, SIGN_IN_OPTIONS), "user": asked["user"]}
    body = authenticator.register(made)
    assert await refused(other, PASSKEYS, body) == (403, "wrong_challenge")


async def test_a_challenge_expires(
    browser: Browser, authenticator: Authenticator, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await options(browser)
    late = time.time() + LIFETIME + 1
    monkeypatch.setattr(time, "time", lambda: late)
    body = authenticator.register(asked)
    assert await refused(browser, PASSKEYS, body) == (403, "wrong_challenge")


async def test_a_passkey_of_another_site_is_refused(
    browser: Browser, other: Browser, authenticator: Authenticator
) -> None:
    forged = Authenticator("localhost", "http://localhost:1")
    body = forged.register(await options(browser))
    assert await refused(browser, PASSKEYS, body) == (403, "wrong_credential")
    await register(browser, authenticator)
    authenticator.rp_id = "evil.example"
    body = authenticator.sign_in(await options(other, SIGN_IN_OPTIONS))
    assert await refused(other, SIGN_IN, body) == (403, "wrong_credential")
    assert (await other.person())["id"] != (await browser.person())["id"]


async def test_a_passkey_of_another_person_is_not_taken_over(
    server: Server, browser: Browser, other: Browser, authenticator: Authenticator
) -> None:
    """A site to which the passkey has signed in knows its id, but not its key."""
    await register(browser, authenticator)
    thief = Authenticator("localhost", other.url)
    body = thief.register(await options(other))
    assert await refused(other, PASSKEYS, body) == (409, "passkey_exists")
    thief.user = (await browser.person())["id"]
    body = thief.sign_in(await options(other, SIGN_IN_OPTIONS))
    assert await refused(other, SIGN_IN, body) == (403, "wrong_credential")
    counters = server.identity.counters
    assert (counters.wrong_credentials, counters.passkey_sign_ins) == (1, 0)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([], "not_json"),
        ({}, "bad_credential"),
        ({"credential": None}, "bad_credential"),
        ({"credential": {"id": 1}}, "bad_credential"),
    ],
)
async def test_what_no_browser_sends(browser: Browser, body: object, code: str) -> None:
    for path in (PASSKEYS, SIGN_IN):
        _, answer = await browser.ask("POST", path, body)
        assert answer["code"] == code


@pytest.mark.parametrize(
    ("label", "shown"),
    [("Blue\n phone\0", "Blue phone"), ("x" * 100, "x" * 80), (7, ""), ("\u202e", "")],
)
async def test_a_passkey_has_a_label(
    browser: Browser, authenticator: Authenticator, label: object, shown: str
) -> None:
    body = {"credential": authenticator.register(await options(browser)), "label": label}
    _, answer = await browser.ask("POST", PASSKEYS, body, {"User-Agent": "curl"})
    assert answer["passkey"]["label"] == shown


async def test_the_number_of_passkeys_is_bounded(browser: Browser) -> None:
    asked = await options(browser)
    for number in range(MAX_PASSKEYS):
        made = Authenticator("localhost", browser.url, credential_id=bytes([number]) * 16)
        await register(browser, made)
    last = Authenticator("localhost", browser.url).register(asked)
    assert await refused(browser, PASSKEYS, last) == (409, "too_many_passkeys")
    assert await refused(browser, OPTIONS, {}) == (409, "too_many_passkeys")


async def test_an_address_has_no_passkeys(server: Server, authenticator: Authenticator) -> None:
    async with Browser(server.url) as browser:
        for path in (OPTIONS, SIGN_IN_OPTIONS, PASSKEYS, SIGN_IN):
            assert await refused(browser, path, {}) == (409, "no_passkeys_here")
        assert (await browser.ask("GET", PASSKEYS))[1] == {"passkeys": [], "possible": False}


async def test_the_relying_party_is_that_of_the_public_url(tmp_path: Path) -> None:
    async with running(tmp_path, public_url="https://live.example.org") as server:
        for host, proto, rp in (
            ("live.example.org", "https", "live.example.org"),
            ("localhost", "http", "localhost"),
        ):
            async with Browser(server.url, origin=f"{proto}://{host}") as browser:
                headers = {"Host": host, "Origin": f"{proto}://{host}"}
                _, asked = await browser.ask("POST", SIGN_IN_OPTIONS, {}, headers)
                assert asked["rpId"] == rp, asked


async def test_another_origin_gets_nothing(browser: Browser) -> None:
    headers = {"Origin": "https://evil.example"}
    for path in (OPTIONS, SIGN_IN_OPTIONS, PASSKEYS, SIGN_IN):
        assert await browser.status("POST", path, {}, headers) == 403


async def test_a_person_signs_in_a_limited_number_of_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each sign-in stores a device."""
    monkeypatch.setattr(sign_in, "SIGN_INS_PER_HOUR", 2)
    async with running(tmp_path) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        passkey = Authenticator("localhost", url)
        async with Browser(url) as browser:
            await register(browser, passkey)
            for status in (200, 200, 429):
                body = {"credential": passkey.sign_in(await options(browser, SIGN_IN_OPTIONS))}
                assert await browser.status("POST", SIGN_IN, body) == status
            assert int(browser.headers["Retry-After"]) > 60
