"""One connection, one request at a time, whatever the server sends."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from scripts.loadgen.http_client import HEAD_MAX, ConnectionBroken, HttpClient

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def line(serve: Serve) -> AsyncIterator[HttpClient]:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    made = HttpClient("example", "User-Agent: load/1\r\n")
    await asyncio.get_running_loop().create_connection(
        lambda: made, *server.sockets[0].getsockname()
    )
    async with server, asyncio.timeout(10):
        yield made
        made.close()


async def test_answers_are_complete_however_they_are_split() -> None:
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for body in (b"", b"\r\n\r\n" * 100, b"last"):
            requests.append(await reader.readuntil(b"\r\n\r\n"))
            for byte in (
                b"HTTP/1.1 200 OK\r\nServer: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body
            ):
                writer.write(bytes((byte,)))
                await writer.drain()

    async with line(serve) as client:
        bodies = [(await client.get(path)).body for path in ("/a", "/b", "/c")]
    assert bodies == [b"", b"\r\n\r\n" * 100, b"last"]
    assert requests[1] == b"GET /b HTTP/1.1\r\nHost: example\r\nUser-Agent: load/1\r\n\r\n"


async def test_a_refusal_is_an_answer() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 2\r\n\r\nno")
        await reader.read()

    async with line(serve) as client:
        answer = await client.get("/")
    assert (answer.status, answer.body) == (429, b"no")


@pytest.mark.parametrize(
    ("sent", "cause"),
    [
        (b"", "cut off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour", "cut off"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "without Content-Length",
        ),
        (b"SSH-2.0\r\n\r\n", "no HTTP"),
        (b"x" * (HEAD_MAX + 1), "no HTTP"),
    ],
)
async def test_a_malformed_answer_closes_the_connection(sent: bytes, cause: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        await writer.drain()

    async with line(serve) as client:
        with pytest.raises(ConnectionBroken, match=cause):
            await client.get("/")
        with pytest.raises(ConnectionBroken):
            await client.get("/")
