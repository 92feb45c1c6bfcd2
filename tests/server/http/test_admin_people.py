"""The people and the keys of cookies, for the operator."""

from pathlib import Path

import pytest

from tests.fixtures.people import Browser
from tests.fixtures.server import running

TOKEN = "an-admin-token-of-some-length"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize("find", ["\0", "x" * 2_000, "\u202e"], ids=len)
async def test_texts_that_find_no_person(tmp_path: Path, find: str) -> None:
    async with running(tmp_path, admin_token=TOKEN) as server, Browser(server.url) as browser:
        await browser.ask("PUT", "/api/me/handle", {"handle": "Dark"})
        async with server.http.get(
            f"{server.url}/api/admin/people", params={"find": find}, headers=BEARER
        ) as response:
            assert (response.status, await response.json()) == (200, {"people": []})


@pytest.mark.parametrize("body", [{"retire": 1}, {"retire": "yes"}, {"other": True}], ids=str)
async def test_bodies_that_are_refused(tmp_path: Path, body: object) -> None:
    async with running(tmp_path, admin_token=TOKEN) as server:
        async with server.http.post(
            f"{server.url}/api/admin/cookie-keys", json=body, headers=BEARER
        ) as response:
            assert response.status == 422
            assert (await response.json())["code"] == "bad_key_request"
