"""The WebSocket endpoint: one connection from its handshake to its end (PROTOCOL.md)."""

import asyncio
import json
from collections.abc import Callable

from aiohttp import WSMsgType, web

from relay.callbacks import ignore
from relay.channel.channel import Channel
from relay.channel.hello import hello
from relay.channel.notice import MAX_BYTES
from relay.client_address import UNKNOWN, ClientAddress
from relay.errors import RefusalCode
from relay.meter import Account
from relay.stopwatch import Timed
from relay.websocket.counters import WebSocketCounters
from relay.websocket.notice_protocol import NoticeProtocol
from relay.websocket.tcp import bound_unsent
from relay.websocket.viewer import WebSocketViewer

REASONS = {
    1002: f"{RefusalCode.BAD_REQUEST.value}: a frame that breaks RFC 6455",
    1007: f"{RefusalCode.BAD_NOTICE.value}: a text that is not UTF-8",
    1009: f"{RefusalCode.MESSAGE_TOO_LARGE.value}: a message of over {MAX_BYTES} bytes",
}
"""Reasons sent in close frames, by the close code that aiohttp chooses."""


async def watch(
    request: web.Request,
    channel: Channel,
    counters: WebSocketCounters,
    connected: set[WebSocketViewer],
    buffered: set[WebSocketViewer],
    person: str | None = None,
    *,
    address: ClientAddress = UNKNOWN,
    account: Account | None = None,
    opened: Callable[[WebSocketViewer], None] = ignore,
    holds: Callable[[bool], bool] | None = None,
) -> web.StreamResponse:
    """Serves one viewer until the viewer leaves. Keeps the viewer in `connected` during that time,
    so that the server can close the connection at shutdown. Keeps the viewer in `buffered` whenever
    bytes may wait for the viewer in this process. Charges the time for the viewer's messages to
    `account`, and delays the messages while the account is slowed. Calls `opened` with the viewer
    before the viewer joins, and `holds` when the viewer begins or ends its standby: `holds` returns
    whether the viewer may do so.
    """
    ws = _WebSocket(compress=False, autoping=False, autoclose=False, max_msg_size=MAX_BYTES)
    try:
        await ws.prepare(request)
    except ConnectionResetError:
        return web.Response(status=400)  # the viewer left before its handshake was answered
    transport = request.transport
    if transport is None:
        return ws
    bound_unsent(transport)
    codecs = _families(request.query.get("codecs", ""))
    viewer = ws.viewer = WebSocketViewer(
        transport,
        channel,
        counters,
        codecs=codecs,
        address=address,
        buffered=buffered,
        holds=holds,
    )
    connected.add(viewer)
    notices = NoticeProtocol(transport, viewer, account)
    opened(viewer)
    try:
        media = request.query.get("media") != "0"
        viewer.join(
            json.dumps(hello(channel)), person=person, media=media, held=begins_held(request)
        )
        # Receive in a separate task, so that a message resumes only the coroutines of this task. In
        # the request's task, a message would also resume the coroutines of all middlewares.
        await asyncio.create_task(_receive(ws, viewer, account))
    finally:
        connected.discard(viewer)
        notices.remove()
        viewer.leave()
    await ws.close()  # the transport is closing: this only ends aiohttp's own state
    _forget_frames(ws)
    return ws


def begins_held(request: web.Request) -> bool:
    """Returns whether the viewer asks to begin on standby."""
    return request.query.get("hold") == "1"


class _WebSocket(web.WebSocketResponse):
    """A WebSocket that adds a refusal code to the close reason when aiohttp closes the connection
    because of a protocol violation. Closing does not wait for a viewer that reads nothing.
    """

    viewer: WebSocketViewer | None = None

    async def close(self, *, code: int = 1000, message: bytes = b"", drain: bool = False) -> bool:
        if self.viewer:
            self.viewer.abandon()
        return await super().close(
            code=code, message=message or REASONS.get(code, "").encode(), drain=False
        )


def _forget_frames(ws: web.WebSocketResponse) -> None:
    """Drops the traceback of the error that ended a connection. aiohttp keeps the error. The
    traceback references stack frames, and the stack frames reference the connection. Only a full
    garbage collection would find this cycle, perhaps hours later.
    """
    error = ws.exception()
    while error:
        error.__traceback__ = None
        error = error.__context__


async def _receive(
    ws: web.WebSocketResponse, viewer: WebSocketViewer, account: Account | None
) -> None:
    work = _receive_messages(ws, viewer)
    await (work if account is None else Timed(work, account, delayed=True))


async def _receive_messages(ws: web.WebSocketResponse, viewer: WebSocketViewer) -> None:
    async for message in ws:
        if not viewer.hear():
            continue
        if message.type is WSMsgType.TEXT:
            viewer.receive_text(message.data)
        elif message.type is WSMsgType.PING:
            viewer.receive_ping(message.data)


def _families(codecs: str) -> frozenset[str]:
    """Returns the codec families in a player's comma-separated list of codecs."""
    names = (name.strip().split(".")[0].lower() for name in codecs.split(","))
    return frozenset(name for name in names if name)
