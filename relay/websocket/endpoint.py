"""The WebSocket exit: one connection from its handshake to its end, as PROTOCOL.md says."""

import json
import time

from aiohttp import WSMsgType, web

from relay.sample import TrackInfo
from relay.stream.stream import Stream
from relay.websocket.tcp import bound_unsent
from relay.websocket.viewer import UNSUPPORTED, UPSTREAM_BYTES, Counters, WebSocketViewer


async def watch(
    request: web.Request, stream: Stream, counters: Counters, connected: set[WebSocketViewer]
) -> web.StreamResponse:
    """Serves one viewer until it leaves; it is in `connected` meanwhile, so that a server that ends
    can close it.
    """
    ws = web.WebSocketResponse(
        compress=False, autoping=False, autoclose=False, max_msg_size=UPSTREAM_BYTES, timeout=2.0
    )
    try:
        await ws.prepare(request)
    except ConnectionResetError:
        return web.Response(
            status=400
        )  # it left before its handshake was answered: nobody reads this
    transport = request.transport
    if transport is None:
        return ws
    bound_unsent(transport)
    viewer = WebSocketViewer(ws, transport, stream, counters)
    connected.add(viewer)
    try:
        media = request.query.get("media") != "0"
        viewer.join(_hello(stream), media=media)
        counters.joined += media
        missing = _unsupported(request.query.get("codecs", ""), list(stream.tracks.values()))
        if missing:
            viewer.close(UNSUPPORTED, f"this player cannot decode {missing}")
        await _receive(ws, viewer, stream)
    finally:
        connected.discard(viewer)
        await viewer.closed()
    await ws.close(drain=False)  # the answer to a viewer's own close frame, with nothing behind it
    _forget_frames(ws)
    return ws


def _forget_frames(ws: web.WebSocketResponse) -> None:
    """Lets go of where the error that ended a connection came from. aiohttp keeps it, its traceback
    has the frames, and they have the connection: a circle that only a full garbage collection
    finds, of which a server that runs well has none for hours.
    """
    error = ws.exception()
    while error:
        error.__traceback__ = None
        error = error.__context__


async def _receive(ws: web.WebSocketResponse, viewer: WebSocketViewer, stream: Stream) -> None:
    async for message in ws:
        if not viewer.hear():
            continue
        if message.type is WSMsgType.TEXT:
            viewer.receive_text(message.data)
        elif message.type is WSMsgType.BINARY:
            stream.upstream(message.data)
        elif message.type is WSMsgType.PING:
            viewer.receive_ping(message.data)


def _hello(stream: Stream) -> str:
    tracks = [_describe(info) for info in stream.tracks.values()]
    return json.dumps(
        {
            "type": "hello",
            "version": 1,
            "stream": stream.id,
            "now": time.time_ns() // 1_000,
            "tracks": tracks,
        }
    )


def _describe(info: TrackInfo) -> dict[str, object]:
    described: dict[str, object] = {
        "slot": 0,
        "track": info.track.name.lower(),
        "codec": info.codec,
    }
    if info.width:
        described |= {"width": info.width, "height": info.height}
    return described


def _unsupported(codecs: str, tracks: list[TrackInfo]) -> str:
    """The first codec of the stream whose family is not in the player's comma-separated list; an
    empty list takes all.
    """
    families = {name.strip().split(".")[0].lower() for name in codecs.split(",") if name.strip()}
    for info in tracks:
        if families and info.codec.split(".")[0].lower() not in families:
            return info.codec
    return ""
