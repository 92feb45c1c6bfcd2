"""Hidden people over HTTP."""

import pytest

from server.storage import hidden
from tests.fixtures.people import Browser
from tests.fixtures.server import Server


async def someone(server: Server, handle: str) -> dict[str, object]:
    async with Browser(server.url) as browser:
        _, answer = await browser.ask("PUT", "/api/me/handle", {"handle": handle})
        person: dict[str, object] = answer["person"]
        return person


async def hidden_by(browser: Browser) -> list[dict[str, object]]:
    _, answer = await browser.ask("GET", "/api/me/hidden")
    return [each["person"] for each in answer["hidden"]]


async def test_people_are_hidden_and_shown_again(server: Server, browser: Browser) -> None:
    rude, loud = await someone(server, "rude"), await someone(server, "loud")
    for person in (rude, loud, rude):
        assert await browser.status("PUT", f"/api/me/hidden/{person['id']}") == 204
    assert await hidden_by(browser) == [loud, rude]
    for _ in range(2):
        assert await browser.status("DELETE", f"/api/me/hidden/{rude['id']}") == 204
    assert await hidden_by(browser) == [loud]
    async with Browser(server.url) as other:
        assert await hidden_by(other) == []


@pytest.mark.parametrize("person", ["none", "a%00b", "x" * 1_000])
async def test_an_unknown_person(browser: Browser, person: str) -> None:
    status, answer = await browser.ask("PUT", f"/api/me/hidden/{person}")
    assert (status, answer["code"]) == (404, "person_not_found")
    assert await browser.status("DELETE", f"/api/me/hidden/{person}") == 204


async def test_the_number_is_bounded(
    server: Server, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hidden, "MAX_HIDDEN", 1)
    people = [await someone(server, name) for name in ("rude", "loud")]
    assert await browser.status("PUT", f"/api/me/hidden/{people[0]['id']}") == 204
    status, answer = await browser.ask("PUT", f"/api/me/hidden/{people[1]['id']}")
    assert (status, answer["code"]) == (409, "too_many_hidden")
