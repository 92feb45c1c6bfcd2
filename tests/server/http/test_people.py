"""`/api/me`: names, languages and handles, as API.md describes them."""

import pytest

from tests.fixtures.people import Browser
from tests.fixtures.server import Server


async def test_a_guest_has_a_friendly_name_in_the_language_of_the_browser(
    server: Server,
) -> None:
    for language, is_korean in (("ko-KR,ko;q=0.9", True), ("fr,en;q=0.5", False)):
        async with Browser(server.url) as browser:
            _, me = await browser.ask("GET", "/api/me", headers={"Accept-Language": language})
            assert ("가" <= me["person"]["name"][0] <= "힣") is is_korean


async def test_a_guest_changes_the_name(server: Server, browser: Browser) -> None:
    _, me = await browser.ask("GET", "/api/me")
    status, changed = await browser.ask("PATCH", "/api/me", {"name": " 다크걸 "})
    assert status == 200 and changed["person"] == {**me["person"], "name": "다크걸"}
    assert (await browser.ask("GET", "/api/me"))[1]["person"]["name"] == "다크걸"
    assert await server.storage.people.people() == []


async def test_a_stored_person_changes_the_name(server: Server, browser: Browser) -> None:
    await browser.ask("PUT", "/api/me/handle", {"handle": "Dark"})
    _, changed = await browser.ask("PATCH", "/api/me", {"name": "Darker"})
    assert (changed["person"]["name"], changed["person"]["handle"]) == ("Darker", "Dark")
    (record,) = await server.storage.people.people()
    assert record.name == "Darker"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": ""}, "bad_name"),
        ({"name": "\u3164"}, "bad_name"),
        ({"name": 7}, "bad_name"),
        ({"name": None}, "bad_name"),
        ({"name": "a\u202eb"}, "bad_name"),
        ({"name": "x" + "\u0301" * 300}, "name_too_long"),
        ({"name": "운영자"}, "name_reserved"),
        ({"language": "fr"}, "bad_language"),
        ({"language": []}, "bad_language"),
        ({"bio": 7}, "bad_bio"),
        ({"bio": "x" * 301}, "bad_bio"),
        ({"link": "http://a.example"}, "bad_link"),
        ({"link": "javascript:alert(1)"}, "bad_link"),
    ],
    ids=ascii,
)
async def test_changes_that_are_refused(
    browser: Browser, body: dict[str, object], code: str
) -> None:
    status, refusal = await browser.ask("PATCH", "/api/me", body)
    assert (status, refusal["code"]) == (422, code)


async def test_the_holder_of_a_handle_writes_a_page(server: Server, browser: Browser) -> None:
    """The link opens apart, and tells the other site nothing. One text may change alone."""
    await browser.ask("PUT", "/api/me/handle", {"handle": "Dark"})
    body = {"bio": " I draw <b>cats</b>\n", "link": "a.example/?x=1&y=2"}
    assert await browser.status("PATCH", "/api/me", body) == 200
    _, profile = await browser.ask("GET", "/api/handles/dark")
    assert profile["bio"] == "I draw <b>cats</b>"
    assert profile["link"] == "https://a.example/?x=1&y=2"
    async with server.http.get(f"{server.url}/@Dark") as response:
        page = await response.text()
    assert "I draw &lt;b&gt;cats&lt;/b&gt;" in page and "<b>cats" not in page
    anchor = '<a class="own-link" data-testid="link" href="https://a.example/?x=1&amp;y=2"'
    assert f'{anchor} rel="nofollow noopener ugc" target="_blank">' in page
    assert await browser.status("PATCH", "/api/me", {"link": ""}) == 200
    _, profile = await browser.ask("GET", "/api/handles/dark")
    assert (profile["bio"], profile["link"]) == ("I draw <b>cats</b>", "")
    assert await browser.status("PATCH", "/api/me", {"bio": "New", "link": "ftp://a"}) == 422
    assert (await browser.ask("GET", "/api/handles/dark"))[1]["bio"] == "I draw <b>cats</b>"


async def test_a_guest_has_no_page(browser: Browser) -> None:
    status, refusal = await browser.ask("PATCH", "/api/me", {"bio": "Hello"})
    assert (status, refusal["code"]) == (409, "no_handle")


@pytest.mark.parametrize("body", [[], "x", 7])
async def test_bodies_that_are_no_objects(browser: Browser, body: object) -> None:
    for method, path in (("PATCH", "/api/me"), ("PUT", "/api/me/handle")):
        status, refusal = await browser.ask(method, path, body)
        assert (status, refusal["code"]) == (400, "not_json")


async def test_the_language_is_chosen_and_unchosen(browser: Browser) -> None:
    assert (await browser.ask("GET", "/api/me"))[1]["language"] is None
    assert (await browser.ask("PATCH", "/api/me", {"language": "ko"}))[1]["language"] == "ko"
    assert (await browser.ask("GET", "/api/me"))[1]["language"] == "ko"
    assert browser.cookies["microlive-language"] == "ko"
    assert (await browser.ask("PATCH", "/api/me", {"language": None}))[1]["language"] is None
    assert (await browser.ask("GET", "/api/me"))[1]["language"] is None


async def test_the_first_handle_comes_with_a_recovery_code(browser: Browser) -> None:
    status, first = await browser.ask("PUT", "/api/me/handle", {"handle": "@다크걸"})
    assert status == 200 and first["person"]["handle"] == first["person"]["name"] == "다크걸"
    assert len(first["recovery_code"].replace("-", "")) == 26
    status, second = await browser.ask("PUT", "/api/me/handle", {"handle": "❤️"})
    assert status == 200 and "recovery_code" not in second
    assert second["person"] == {**first["person"], "name": "❤️", "handle": "❤️"}


async def test_a_handle_that_looks_like_another(server: Server, browser: Browser) -> None:
    """`Dаrk` in Cyrillic is not available while `Dark` exists, nor for 30 days after a rename."""
    await browser.ask("PUT", "/api/me/handle", {"handle": "Dark"})
    async with Browser(server.url) as other:
        for text in ("dark", "D\u0430rk", "Ｄａｒｋ"):
            status, refusal = await other.ask("PUT", "/api/me/handle", {"handle": text})
            assert (status, refusal["code"]) == (409, "handle_taken")
        await browser.ask("PUT", "/api/me/handle", {"handle": "Bright"})
        assert await other.status("PUT", "/api/me/handle", {"handle": "D\u0430rk"}) == 409
        # A guest may use the name, but only with a number after it.
        _, named = await other.ask("PATCH", "/api/me", {"name": "Br\u0456ght"})
        assert named["person"]["name"].startswith("Br\u0456ght#")
    _, own = await browser.ask("PATCH", "/api/me", {"name": "bright"})
    assert own["person"]["name"] == "bright"


async def test_too_many_renames(browser: Browser) -> None:
    for number in range(4):
        assert await browser.status("PUT", "/api/me/handle", {"handle": f"dark-{number}"}) == 200
    status, refusal = await browser.ask("PUT", "/api/me/handle", {"handle": "one-more"})
    assert (status, refusal["code"]) == (429, "rate_limited")
    assert refusal["retry_after"] > 29 * 86_400


@pytest.mark.parametrize("handle", ["admin", "관리자", "me", "a b", "", None, "a/b"])
async def test_handles_that_are_refused(browser: Browser, handle: object) -> None:
    assert await browser.status("PUT", "/api/me/handle", {"handle": handle}) == 422


async def test_passkeys_need_a_host_name(server: Server) -> None:
    """Browsers refuse addresses, and names without HTTPS except localhost."""
    port = server.url.rsplit(":", 1)[1]
    async with Browser(server.url) as browser:
        assert not (await browser.ask("GET", "/api/me"))[1]["passkeys"]
        host = {"Host": f"localhost:{port}"}
        assert (await browser.ask("GET", "/api/me", headers=host))[1]["passkeys"]
