"""Forwards requests to the node of the cluster that can answer them: the node that owns the room,
has the draft of a clip, or has the WHIP or WHEP session.
"""

import asyncio
from typing import Protocol

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from relay.errors import RefusalCode
from server.cluster.http_messages import ForwardedAnswer, ForwardedRequest
from server.errors import Misdirected, NotFound
from server.http.access import PASS_KEY
from server.http.local_requests import end_to_end
from server.http.request import client_of, read_body
from server.settings import Settings

SESSIONS = ("/whip/", "/whep/")
ADDED = frozenset(("server", "date"))
"""Headers that this node adds to each answer."""
MAX_SHARED = 2_000
"""Maximum number of requests that wait for an answer together with others."""


class OtherNodes(Protocol):
    """The nodes to which requests are forwarded."""

    @property
    def id(self) -> str:
        """Id of this node."""

    def node_of(self, server: str) -> str | None:
        """Returns the id of the node that has this name; None if it does not run."""

    def runs(self, node: str) -> bool:
        """Whether the node with this id runs."""

    async def forward(self, node: str, request: ForwardedRequest) -> ForwardedAnswer:
        """Returns the answer of another node. Raises Unavailable."""


class Forwarder:
    """Forwards requests. Clients that request the same public file at the same time cause one
    request to the other node. `close()` ends what no client waits for any more.
    """

    def __init__(self, nodes: OtherNodes, settings: Settings) -> None:
        self._nodes = nodes
        self._settings = settings
        self._shared: dict[tuple[str, ...], asyncio.Task[ForwardedAnswer]] = {}

    async def close(self) -> None:
        """Call this after the requests of clients have ended."""
        tasks = list(self._shared.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    @property
    def middleware(self) -> Middleware:
        """The middleware that forwards what this node cannot answer. It must be the innermost."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            if node := self._node_of_session(request):
                return await self._answer(request, node)
            try:
                return await handler(request)
            except Misdirected as refusal:
                node = self._nodes.node_of(refusal.server) if refusal.server else None
                if node is None or not request.remote:  # another node has forwarded it
                    raise
                return await self._answer(request, node)

        return middleware

    def _node_of_session(self, request: web.Request) -> str | None:
        """Returns the other node that has the WHIP or WHEP session of a request. Raises NotFound if
        that node does not run.
        """
        session = request.match_info.get("session", "")
        if "." not in session or not request.path.startswith(SESSIONS):
            return None
        if request.method not in (hdrs.METH_PATCH, hdrs.METH_DELETE) or not request.remote:
            return None
        node = session.rpartition(".")[0]
        if node == self._nodes.id:
            return None
        if not self._nodes.runs(node):
            raise NotFound(
                RefusalCode.SESSION_NOT_FOUND, "there is no such session: its server has ended"
            )
        return node

    async def _answer(self, request: web.Request, node: str) -> web.Response:
        client = client_of(request, self._settings)
        forwarded = ForwardedRequest(
            request.method,
            request.raw_path,
            tuple(request.headers.items()),
            client.address,
            client.scheme or request.scheme,
            client.host or request.host,
            await read_body(request),
        )
        answer = await self._forward(request, node, forwarded)
        response = web.Response(status=answer.status, body=answer.body)
        for name, value in end_to_end(answer.headers):
            if name.lower() == "content-type":
                response.headers[name] = value
            elif name.lower() == "vary":
                # Each node adds Origin to this header.
                if value := value.removesuffix("Origin").rstrip(", "):
                    response.headers.add(name, value)
            elif name.lower() not in ADDED:
                response.headers.add(name, value)
        return response

    async def _forward(
        self, request: web.Request, node: str, forwarded: ForwardedRequest
    ) -> ForwardedAnswer:
        key = self._key(request, node)
        if key is None or len(self._shared) >= MAX_SHARED:
            return await self._nodes.forward(node, forwarded)
        task = self._shared.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._nodes.forward(node, forwarded))
            self._shared[key] = task
            task.add_done_callback(lambda _: self._shared.pop(key))
        return await asyncio.shield(task)

    def _key(self, request: web.Request, node: str) -> tuple[str, ...] | None:
        """Returns a key that is equal for requests with the same answer; None if the answer may
        depend on the client.
        """
        admitted = request.get(PASS_KEY)
        shared = (
            request.method == hdrs.METH_GET
            and request.path.startswith("/hls/")
            and admitted is not None
            and not admitted.admission.private
        )
        if not shared:
            return None
        names = (hdrs.RANGE, hdrs.IF_NONE_MATCH, hdrs.IF_RANGE, hdrs.ORIGIN, hdrs.ACCEPT_ENCODING)
        return (node, request.raw_path, *(request.headers.get(name, "") for name in names))
