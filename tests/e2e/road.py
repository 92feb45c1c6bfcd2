"""Roads to the server that can be cut: plain TCP, byte by byte, and UDP, datagram by datagram."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Literal
from urllib.parse import urlsplit

CHUNK = 65_536


class Road:
    """`async with Road(server_url) as road:` leads from `road.url` to the server.

    Cut "silent" it swallows everything, as a phone without a network sees it; what was on the way
    is lost for good. Cut "refused" it closes what is open and accepts nothing, as a server that is
    gone.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 80
        self._open = asyncio.Event()
        self._open.set()
        self._server: asyncio.Server | None = None
        self._ways: set[asyncio.Task[None]] = set()
        self._own_port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._own_port}"

    async def __aenter__(self) -> "Road":
        await self._listen()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.cut("refused")

    async def cut(self, how: Literal["silent", "refused"]) -> None:
        self._open.clear()
        if how == "refused":
            if self._server is not None:
                self._server.close()
                self._server = None
            for way in list(self._ways):
                way.cancel()
            await asyncio.gather(*self._ways, return_exceptions=True)

    async def mend(self) -> None:
        """New connections get through; those that a silence swallowed stay dead."""
        self._open.set()
        if self._server is None:
            await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._own_port)
        self._own_port = self._server.sockets[0].getsockname()[1]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._ways.add(task)
        try:
            if self._open.is_set():
                await self._drive(reader, writer)
            else:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass
        finally:
            self._ways.discard(task)
            writer.close()

    async def _drive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._host, self._port)
        try:
            async with asyncio.TaskGroup() as lanes:
                lanes.create_task(self._lane(reader, far_writer))
                lanes.create_task(self._lane(far_reader, writer))
        finally:
            far_writer.close()

    async def _lane(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        swallowed = False
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK):
                swallowed = swallowed or not self._open.is_set()
                if not swallowed:
                    writer.write(data)
                    await writer.drain()
        if swallowed:
            await asyncio.Event().wait()
        writer.close()


class MediaRoad(asyncio.DatagramProtocol):
    """`async with MediaRoad(server_url) as road:` leads from `road.port` to the server's UDP port,
    which has its TCP port's number; nowhere while `cut`.

    A page takes it when `script` runs before its own: that writes the road's port into the server's
    answer.
    """

    def __init__(self, url: str) -> None:
        self.cut = False
        self.port = 0
        self._far = ("127.0.0.1", urlsplit(url).port or 80)
        self._transport: asyncio.DatagramTransport | None = None
        self._lanes: dict[tuple[str, int], asyncio.Future[asyncio.DatagramTransport]] = {}

    @property
    def script(self) -> str:
        return f"""
        (() => {{
            const {{ setRemoteDescription }} = RTCPeerConnection.prototype;
            RTCPeerConnection.prototype.setRemoteDescription = function ({{ type, sdp }}) {{
                return setRemoteDescription.call(this, {{ type, sdp: sdp.replaceAll(' {self._far[1]} ', ' {self.port} ') }});
            }};
        }})();
        """

    async def __aenter__(self) -> "MediaRoad":
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: self, ("127.0.0.1", 0)
        )
        self.port = self._transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._transport is not None
        self._transport.close()
        for lane in self._lanes.values():
            (await lane).close()

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        if self.cut:
            return
        lane = self._lanes.get(address)
        if lane is None:
            # What comes before the lane is open is lost; ICE asks again.
            self._lanes[address] = asyncio.ensure_future(self._open(address))
        elif lane.done():
            lane.result().sendto(data)

    async def _open(self, address: tuple[str, int]) -> asyncio.DatagramTransport:
        lane, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Back(self, address), remote_addr=self._far
        )
        return lane

    def send_back(self, data: bytes, address: tuple[str, int]) -> None:
        if not self.cut and self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, address)


class _Back(asyncio.DatagramProtocol):
    """The lane of one client, from the server."""

    def __init__(self, road: MediaRoad, address: tuple[str, int]) -> None:
        self._road = road
        self._address = address

    def datagram_received(self, data: bytes, _: object) -> None:
        self._road.send_back(data, self._address)
