"""A body in slices: every byte in order, and a slice only after the transport took the last one."""

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from relay.hls.sliced_body import SLICE, SlicedBody, body_size


class Writer(AbstractStreamWriter):
    """Records the written bytes, and their number between two waits."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.data = b""
        self._since = 0

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        self.data += chunk
        self._since += len(chunk)

    async def drain(self) -> None:
        self.sizes.append(self._since)
        self._since = 0

    async def write_eof(self, chunk: bytes = b"") -> None: ...

    def enable_compression(
        self, encoding: str = "deflate", strategy: int | None = None
    ) -> None: ...

    def enable_chunking(self) -> None: ...

    async def write_headers(self, status_line: str, headers: object) -> None: ...


async def test_slices() -> None:
    parts = [bytes([number]) * size for number, size in enumerate((10, SLICE, 2 * SLICE + 5, 1))]
    body, writer = SlicedBody(parts), Writer()
    await body.write(writer)
    assert writer.data == b"".join(parts)
    assert writer.sizes == [10, SLICE, SLICE, SLICE, 5, 1]
    assert body.size == len(writer.data) == body_size(web.Response(body=body))


async def test_a_range_of_a_body_of_parts() -> None:
    parts: list[bytes | memoryview] = [b"ab", b"", b"cdefg", memoryview(b"h")]
    whole = b"abcdefgh"
    for start in range(9):
        for end in range(start, 9):
            body, writer = SlicedBody(parts).between(start, end), Writer()
            await body.write(writer)
            assert writer.data == whole[start:end] and body.size == end - start


def test_the_size_of_other_bodies() -> None:
    assert (body_size(web.Response()), body_size(web.Response(body=b"123"))) == (0, 3)
