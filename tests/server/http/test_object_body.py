"""Answers from the object store, in pieces."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession, web
from aiohttp.test_utils import TestServer

from server.http import object_body
from server.http.object_body import ObjectBody, PieceReader
from server.objects.objects import Objects
from server.settings import Settings

KEY = "clips/abc/1/video.mp4"
DATA = bytes(range(256)) * 40


async def answer(objects: Objects, size: int, clients: int = 1) -> list[bytes | None]:
    """Sends `size` bytes of an object to each client. None stands for a cut answer."""
    reader = PieceReader(objects)

    async def send(_: web.Request) -> web.Response:
        return web.Response(body=await ObjectBody.open(reader, KEY, 0, size))

    app = web.Application()
    app.router.add_get("/", send)

    async def get(http: ClientSession, url: str) -> bytes | None:
        try:
            async with http.get(url) as response:
                return await response.read()
        except ClientError:
            return None

    async with TestServer(app, host="127.0.0.1") as server, ClientSession() as http:
        url = str(server.make_url("/"))
        return list(await asyncio.gather(*(get(http, url) for _ in range(clients))))


async def test_many_clients_share_few_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer is cut, although the store takes few calls at a time."""
    monkeypatch.setattr(object_body, "PIECE", 1_000)
    monkeypatch.setattr(object_body, "AT_ONCE", 2)
    monkeypatch.setattr("server.objects.objects.MAX_WAITING", 3)
    objects = await Objects.open(Settings(data=tmp_path))
    await objects.put(KEY, DATA, "video/mp4")
    assert await answer(objects, len(DATA), 20) == [DATA] * 20
    await objects.close()


async def test_an_object_that_is_too_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection ends, so that the client notices that the answer is incomplete."""
    monkeypatch.setattr(object_body, "PIECE", 1_000)
    objects = await Objects.open(Settings(data=tmp_path))
    await objects.put(KEY, DATA, "video/mp4")
    assert await answer(objects, len(DATA) + 1) == [None]
    await objects.close()
