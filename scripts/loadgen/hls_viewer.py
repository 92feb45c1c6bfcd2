"""A viewer over LL-HLS. Like a real player, the viewer first requests the playlist that lists the
next part, and then requests this part. All requests use one connection.
"""

import asyncio
from urllib.parse import urljoin

from scripts.loadgen.hls_playlist import (
    Part,
    Playlist,
    PlaylistUnreadable,
    read_playlist,
    read_variant,
)
from scripts.loadgen.http_client import Answer, ConnectionBroken, HttpClient
from scripts.loadgen.viewer import Viewer, ViewerContext

ANSWER_WITHIN = 30.0
"""Maximum seconds until the server answers. The server may delay its answer to a playlist request
by up to three target durations.
"""
NOTHING_NEW = 0.2
"""Seconds until a playlist is requested again, if the previous answer lists no new part. Normally,
the server waits for the next part before it answers.
"""


class HlsViewer(Viewer):
    def __init__(
        self, crowd: ViewerContext, room: str, *, probe: bool, slow: bool, rude: bool
    ) -> None:
        super().__init__(crowd, room, probe=probe, slow=slow, rude=rude)
        # Use a different User-Agent for each viewer: the server distinguishes viewers behind one
        # address by their User-Agent.
        self._line = HttpClient(crowd.host, f"User-Agent: microlive-load/{crowd.next_number()}\r\n")
        self._address = f"{crowd.path}/hls/{room}/index.m3u8"
        self._watching: asyncio.Task[None] | None = None
        self._seen_idr = False
        self._live_after = 0
        """Time on the server's clock, µs. Delays are measured only for media captured after this
        time. Older media was already available when the viewer joined.
        """

    async def connect(self) -> None:
        await asyncio.get_running_loop().create_connection(
            lambda: self._line, *self._crowd.address, ssl=self._crowd.ssl
        )
        try:
            self._address = urljoin(self._address, read_variant(await self._text(self._address)))
            playlist = read_playlist(await self._text(self._address))
            self._delivery.bytes += len(
                require_ok(await self._request(urljoin(self._address, playlist.init)))
            )
        except PlaylistUnreadable as error:
            raise ConnectionError(str(error)) from error
        if self._left:
            self._line.close()
            return
        self._live_after = self._crowd.clocks.now()
        self.watching = True
        self._crowd.connected(self, self._age)
        self._watching = asyncio.create_task(self._watch(playlist))

    def leave(self) -> None:
        self._left, self.watching = True, False
        self._line.close()
        if self._watching:
            self._watching.cancel()
            self._crowd.finish_leaving(self._finish(self._watching))

    vanish = leave

    async def _finish(self, watching: asyncio.Task[None]) -> None:
        await asyncio.wait([watching])
        await self._line.wait_closed()

    async def _watch(self, playlist: Playlist) -> None:
        """Loads playlists and parts until the live ends or the connection fails."""
        try:
            parts = playlist.start()
            while True:
                for part in parts:
                    if not part.gap:
                        await self._take(part)
                if playlist.ended:
                    break
                segment, index = coming = playlist.coming
                playlist = read_playlist(
                    await self._text(f"{self._address}?_HLS_msn={segment}&_HLS_part={index}")
                )
                parts = playlist.since(coming)
                self._delivery.gaps += not playlist.follows(coming)
                if not parts:  # a proxy does not let the request block
                    await asyncio.sleep(NOTHING_NEW)
            self._lose("the room ended")
        except (ConnectionError, PlaylistUnreadable) as error:
            self._lose(str(error))
        finally:
            self._line.close()

    async def _take(self, part: Part) -> None:
        answer = await self._request(urljoin(self._address, part.uri))
        if answer.status == 404:  # the playlist no longer lists the part
            self._delivery.gaps += 1
            return
        self._delivery.messages += 1
        self._delivery.bytes += len(require_ok(answer))
        if part.independent and not self._seen_idr:
            self._seen_idr = True
            self._crowd.joined(self, self._age)
        if self.probe and part.ends is not None and part.ends > self._live_after:
            published = self._crowd.clocks.of_room(self.room).published_when_captured(part.ends)
            if published is not None:
                self._delivery.delays.append((self._crowd.clocks.at(answer.at) - published) / 1_000)

    async def _text(self, path: str) -> str:
        """Requests a playlist and returns its text. Raises ConnectionError."""
        return require_ok(await self._request(path)).decode(errors="replace")

    async def _request(self, path: str) -> Answer:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await self._line.get(path)
        except TimeoutError as error:
            raise ConnectionBroken(
                f"the server did not answer within {ANSWER_WITHIN:.0f} s"
            ) from error


def require_ok(answer: Answer) -> bytes:
    """Returns the body of an HTTP answer. Raises ConnectionError if the status is not 200."""
    if answer.status != 200:
        raise ConnectionError(f"HTTP {answer.status}")
    return answer.body
