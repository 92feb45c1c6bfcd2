"""Devices and their sign-out over HTTP."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.fixtures.people import Browser
from tests.fixtures.server import Server

PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 10; K) Chrome/142.0.0.0 Mobile Safari/537.36"}


@pytest_asyncio.fixture
async def phone(server: Server) -> AsyncIterator[Browser]:
    async with Browser(server.url) as browser:
        await browser.ask("PUT", "/api/me/handle", {"handle": "dark"}, PHONE)
        yield browser


@pytest_asyncio.fixture
async def laptop(server: Server, phone: Browser) -> AsyncIterator[Browser]:
    async with Browser(server.url) as browser:
        await arrive(phone, browser)
        yield browser


async def arrive(phone: Browser, browser: Browser) -> None:
    _, made = await phone.ask("POST", "/api/me/transfers")
    assert await browser.status("POST", "/api/transfers", {"code": made["code"]}) == 200


async def devices(browser: Browser) -> list[dict[str, Any]]:
    status, answer = await browser.ask("GET", "/api/me/devices")
    assert status == 200
    found: list[dict[str, Any]] = answer["devices"]
    return found


async def test_devices_are_listed_with_their_names(phone: Browser) -> None:
    [device] = await devices(phone)
    assert phone.headers["Cache-Control"] == "no-store"
    assert (device["label"], device["current"]) == ("Chrome · Android", True)
    assert device["created_at"] == device["seen_at"] == pytest.approx(time.time(), abs=60)


async def test_one_device_is_signed_out(phone: Browser, laptop: Browser) -> None:
    [other] = [device for device in await devices(phone) if not device["current"]]
    path = f"/api/me/devices/{other['device']}"
    assert await phone.status("DELETE", path) == 204
    status, answer = await laptop.ask("POST", "/api/me/transfers")
    assert (status, answer["code"]) == (401, "signed_out")
    assert len(await devices(phone)) == 1
    assert await phone.status("DELETE", path) == 204


async def test_a_signed_out_browser_becomes_a_new_guest(phone: Browser, laptop: Browser) -> None:
    before = laptop.cookie
    await phone.status("DELETE", "/api/me/devices")
    async with Browser(laptop.url, cookie=before) as copy:  # a copy of the cookie is refused too
        for browser in (laptop, copy):
            assert (await browser.ask("GET", "/api/me"))[1]["guest"]


async def test_all_others_are_signed_out(server: Server, phone: Browser, laptop: Browser) -> None:
    async with Browser(server.url) as third:
        await arrive(phone, third)
        assert len(await devices(phone)) == 3
        assert await phone.status("DELETE", "/api/me/devices") == 204
        [left] = await devices(phone)
        assert left["current"]
        for browser in (laptop, third):
            assert await browser.status("PUT", "/api/me/handle", {"handle": "thief"}) == 401


async def test_the_own_device_is_signed_out(phone: Browser) -> None:
    [device] = await devices(phone)
    before = phone.cookie
    assert await phone.status("DELETE", f"/api/me/devices/{device['device']}") == 204
    assert phone.cookie == ""
    async with Browser(phone.url, cookie=before) as copy:
        assert await copy.status("DELETE", "/api/me/devices") == 401


async def test_devices_of_others_are_not_found(server: Server, phone: Browser) -> None:
    [device] = await devices(phone)
    async with Browser(server.url) as stranger:
        for path in (device["device"], "none", "a%00b"):
            status, answer = await stranger.ask("DELETE", f"/api/me/devices/{path}")
            assert (status, answer["code"]) == (404, "device_not_found")
        assert [each["device"] for each in await devices(phone)] == [device["device"]]
        assert device["device"] not in str(await devices(stranger))


async def test_a_guest_who_only_looks_is_not_stored(server: Server) -> None:
    async with Browser(server.url) as guest:
        assert await devices(guest) == []
        assert (await guest.ask("GET", "/api/me/passkeys"))[1]["passkeys"] == []
        assert (await guest.ask("GET", "/api/me/hidden"))[1]["hidden"] == []
        assert await guest.status("GET", "/api/me/data") == 200
        assert await guest.status("DELETE", "/api/me") == 200
    assert await server.storage.people.people() == []
