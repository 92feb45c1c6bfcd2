"""Proxies for the server whose network a test can cut, over TCP and UDP."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Literal
from urllib.parse import urlsplit

CHUNK = 65_536


class TcpProxy:
    """`async with TcpProxy(server_url) as proxy:` forwards from `proxy.url` to the server, or as a
    load balancer to the first of several servers that accepts the connection.

    Cut as "silent", it drops all bytes for good, as on a phone without a network. Cut as "refused",
    it closes its connections and accepts none, like a stopped server.
    """

    def __init__(self, *urls: str) -> None:
        self._servers = [urlsplit(url) for url in urls]
        self._open = asyncio.Event()
        self._open.set()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._own_port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._own_port}"

    async def __aenter__(self) -> "TcpProxy":
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
            for task in list(self._connections):
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)

    async def restore(self) -> None:
        """Makes new connections work again. Connections that lost bytes stay dead."""
        self._open.set()
        if self._server is None:
            await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._own_port)
        self._own_port = self._server.sockets[0].getsockname()[1]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            if self._open.is_set():
                await self._relay(reader, writer)
            else:
                await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await self._connect()
        try:
            async with asyncio.TaskGroup() as directions:
                directions.create_task(self._forward(reader, server_writer))
                directions.create_task(self._forward(server_reader, writer))
        finally:
            server_writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for server in self._servers[:-1]:
            with suppress(ConnectionError):
                return await asyncio.open_connection(server.hostname, server.port)
        return await asyncio.open_connection(self._servers[-1].hostname, self._servers[-1].port)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lost = False
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK):
                lost = lost or not self._open.is_set()
                if not lost:
                    writer.write(data)
                    await writer.drain()
        if lost:
            await asyncio.Event().wait()
        writer.close()


class UdpProxy(asyncio.DatagramProtocol):
    """Forwards from `port` to the server's UDP port, which has the number of its TCP port.

    Drops everything while `cut` is set. For a page to use this proxy, `script` must run before the
    page's own scripts: it writes the proxy's port into the server's answer.
    """

    def __init__(self, url: str) -> None:
        self.cut = False
        self.port = 0
        self._server_address = ("127.0.0.1", urlsplit(url).port or 80)
        self._transport: asyncio.DatagramTransport | None = None
        self._sockets: dict[tuple[str, int], asyncio.Future[asyncio.DatagramTransport]] = {}

    @property
    def script(self) -> str:
        return f"""
        (() => {{
            const {{ setRemoteDescription }} = RTCPeerConnection.prototype;
            RTCPeerConnection.prototype.setRemoteDescription = function ({{ type, sdp }}) {{
                sdp = sdp.replaceAll(' {self._server_address[1]} ', ' {self.port} ');
                return setRemoteDescription.call(this, {{ type, sdp }});
            }};
        }})();
        """

    async def __aenter__(self) -> "UdpProxy":
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
        for sock in self._sockets.values():
            (await sock).close()

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        if self.cut:
            return
        sock = self._sockets.get(address)
        if sock is None:
            # Datagrams before the socket is open are lost; ICE sends them again.
            self._sockets[address] = asyncio.ensure_future(self._open(address))
        elif sock.done():
            sock.result().sendto(data)

    async def _open(self, address: tuple[str, int]) -> asyncio.DatagramTransport:
        sock, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _FromServer(self, address), remote_addr=self._server_address
        )
        return sock

    def send_back(self, data: bytes, address: tuple[str, int]) -> None:
        if not self.cut and self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, address)


class _FromServer(asyncio.DatagramProtocol):
    """Returns the server's datagrams to one client."""

    def __init__(self, proxy: UdpProxy, address: tuple[str, int]) -> None:
        self._proxy = proxy
        self._address = address

    def datagram_received(self, data: bytes, _: object) -> None:
        self._proxy.send_back(data, self._address)
