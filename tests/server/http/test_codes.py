"""Transfer codes and recovery codes over HTTP."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from server.http import codes
from server.people import transfer_code
from tests.fixtures.people import Browser
from tests.fixtures.server import Server, running

WRONG = "2345-6789-abcd"
WRONG_RECOVERY = "2345-6789-abcd-efgh-jkmn-pqrs-tu"


@pytest_asyncio.fixture
async def phone(server: Server) -> AsyncIterator[Browser]:
    async with Browser(server.url) as browser:
        yield browser


@pytest_asyncio.fixture
async def other(server: Server) -> AsyncIterator[Browser]:
    async with Browser(server.url) as browser:
        yield browser


async def use(browser: Browser, code: object) -> tuple[int, Any]:
    return await browser.ask("POST", "/api/transfers", {"code": code})


async def handle(browser: Browser, name: str = "다크걸") -> str:
    """Takes a handle. Returns the recovery code."""
    status, answer = await browser.ask("PUT", "/api/me/handle", {"handle": name})
    assert status == 200, answer
    return str(answer["recovery_code"])


async def recover(browser: Browser, name: object, code: object) -> tuple[int, str]:
    status, answer = await browser.ask("POST", "/api/recover", {"handle": name, "code": code})
    return status, answer.get("code", "")


async def test_a_code_carries_a_person_to_another_phone(
    server: Server, phone: Browser, other: Browser
) -> None:
    await handle(phone)
    status, made = await phone.ask("POST", "/api/me/transfers")
    assert status == 201 and phone.headers["Cache-Control"] == "no-store"
    code = made["code"].replace("-", "")
    assert len(code) == 12
    assert made["url"] == f"{server.url}/me#transfer={code}"
    assert made["qr"].lstrip().startswith("<svg") or "<svg" in made["qr"][:200]
    status, answer = await use(other, f" {made['code'].upper()} ")
    assert status == 200 and answer == {"person": await phone.person(), "delete_at": None}
    assert await other.person() == await phone.person()
    assert server.identity.counters.transfers == 1


async def test_a_code_works_once_and_a_new_one_replaces_it(phone: Browser, other: Browser) -> None:
    _, first = await phone.ask("POST", "/api/me/transfers")
    _, second = await phone.ask("POST", "/api/me/transfers")
    assert (await use(other, first["code"]))[1]["code"] == "wrong_code"
    assert (await use(other, second["code"]))[0] == 200
    async with Browser(phone.url) as thief:
        assert (await use(thief, second["code"]))[0] == 403
        assert (await thief.person())["id"] != (await phone.person())["id"]


async def test_a_code_expires(
    phone: Browser, other: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, made = await phone.ask("POST", "/api/me/transfers")
    monkeypatch.setattr(time, "time", lambda: made["expires_at"])
    assert (await use(other, made["code"]))[1]["code"] == "wrong_code"


@pytest.mark.parametrize("code", [None, 7, [], "x" * 101])
async def test_a_code_is_a_short_text(other: Browser, code: object) -> None:
    assert (await use(other, code))[1]["code"] == "bad_code"
    assert await recover(other, "dark", code) == (422, "bad_code")
    assert await recover(other, code, WRONG) == (422, "bad_code")


async def test_tries_are_limited(tmp_path: Path) -> None:
    """The limit counts transfer codes and recovery codes together."""
    async with running(tmp_path, max_code_tries_per_address_hour=3) as server:
        async with Browser(server.url) as browser:
            assert [(await use(browser, WRONG))[0] for _ in range(2)] == [403, 403]
            assert (await recover(browser, "dark", WRONG_RECOVERY))[0] == 403
            assert (await use(browser, WRONG))[1]["code"] == "rate_limited"
            assert int(browser.headers["Retry-After"]) > 60


async def test_all_addresses_together_are_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_code, "MAX_TRIES_PER_SECOND", 1)
    async with running(tmp_path) as server, Browser(server.url) as browser:
        assert (await use(browser, "no code"))[0] == 403
        # The refusal took 0.3 s, and a token needs 1 s.
        assert (await use(browser, "no code"))[0] == 429


async def test_recovery(phone: Browser, other: Browser) -> None:
    code = await handle(phone)
    assert len(code.replace("-", "")) == 26
    assert await recover(other, "@다크걸", code.upper().replace("-", " ")) == (200, "")
    assert await other.person() == await phone.person()
    async with Browser(phone.url) as third:  # the code stays valid until it is replaced
        assert await recover(third, "다크걸", code) == (200, "")


async def test_a_new_code_replaces_the_one_before(phone: Browser, other: Browser) -> None:
    first = await handle(phone)
    status, answer = await phone.ask("POST", "/api/me/recovery")
    assert status == 201 and phone.headers["Cache-Control"] == "no-store"
    assert await recover(other, "다크걸", first) == (403, "wrong_code")
    assert await recover(other, "다크걸", answer["recovery_code"]) == (200, "")


async def test_wrong_handles_and_codes_are_refused_alike(phone: Browser, other: Browser) -> None:
    code = await handle(phone)
    assert await recover(other, "다크걸", WRONG_RECOVERY) == (403, "wrong_code")
    assert await recover(other, "no-one", code) == (403, "wrong_code")
    assert await recover(other, "", code) == (422, "bad_name")


async def test_a_guest_has_no_recovery_code(phone: Browser) -> None:
    status, answer = await phone.ask("POST", "/api/me/recovery")
    assert (status, answer["code"]) == (409, "no_handle")


async def test_recovery_codes_are_tried_five_times_an_hour(
    server: Server, phone: Browser, other: Browser
) -> None:
    """For one handle: other handles, and the owner at another address, are not locked out."""
    await handle(phone)
    async with Browser(server.url) as second:
        code = await handle(second, "second")
    tries = [await recover(other, "다크걸", WRONG_RECOVERY) for _ in range(6)]
    assert tries == [(403, "wrong_code")] * 5 + [(429, "rate_limited")]
    assert server.identity.counters.wrong_codes == 5
    assert await recover(other, "다크걸!".removesuffix("!"), WRONG_RECOVERY) == (
        429,
        "rate_limited",
    )
    assert await recover(other, "second", code) == (200, "")
    assert server.identity.counters.recoveries == 1


async def test_another_origin_gets_nothing(phone: Browser) -> None:
    headers = {"Origin": "https://evil.example"}
    for path in ("/api/me/transfers", "/api/transfers", "/api/me/recovery", "/api/recover"):
        assert await phone.status("POST", path, {}, headers) == 403


async def test_a_person_makes_a_limited_number_of_codes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each use of a code stores a device."""
    monkeypatch.setattr(codes, "SIGN_INS_PER_HOUR", 2)
    async with running(tmp_path) as server, Browser(server.url) as phone:
        recovery = await handle(phone)
        statuses = [await phone.status("POST", "/api/me/transfers") for _ in range(3)]
        assert statuses == [201, 201, 429]
        recovered = [await recover(phone, "다크걸", recovery) for _ in range(3)]
        assert recovered == [(200, ""), (200, ""), (429, "rate_limited")]
