"""The control reader: a process that measures what honest users notice during an attack.

`python -m scripts.benchmarks.hostile.control URL ROOM[,ROOM] VIEWERS`. The process opens VIEWERS
WebSocket viewers, spread evenly over the rooms, and requests `/healthz` on one connection. The
process writes `ready` once the viewers receive media. Then, for each line on standard input, the
process writes the figures since the previous line, as one line of JSON.
"""

import asyncio
import json
import math
import os
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from itertools import cycle
from urllib.parse import urlsplit

import aiohttp
import uvloop

from relay.errors import MessageError
from relay.message import Kind, unpack_records
from relay.sample import Track
from scripts.benchmarks.figures import percentile
from scripts.benchmarks.hostile.arena import trusting
from scripts.benchmarks.hostile.figures import Felt
from scripts.loadgen.http_client import ConnectionBroken, HttpClient
from scripts.loadgen.worker import PROBE_NICENESS, Lag

HEALTH_EVERY = 0.04
HEALTH_WITHIN = 5.0
CONNECT_WITHIN = 10.0
CONNECTED_BEFORE = 0.3
"""Seconds after the first message to a new viewer in which delays are not counted: the messages of
the burst are older than live ones.
"""


class ControlViewer:
    """One WebSocket viewer. Records the delay of each message, and the longest gap between
    messages.
    """

    def __init__(self) -> None:
        self.delays: list[float] = []
        self.gap = 0.0
        self.lost = False
        self.frames = 0
        self._last = 0.0
        self._from = math.inf

    async def watch(self, http: aiohttp.ClientSession, url: str) -> None:
        """Watches until the connection is lost."""
        try:
            async with http.ws_connect(url, compress=0, max_msg_size=0) as socket:
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.BINARY:
                        self._receive(message.data)
        except (aiohttp.ClientError, OSError, MessageError):
            pass
        self.lost = True

    @property
    def watching(self) -> bool:
        return self._last > 0

    def take(self) -> tuple[list[float], float]:
        """Returns the delays (ms) and the longest gap (ms) since the last call. A gap that still
        lasts counts too.
        """
        now = time.monotonic()
        gap = max(self.gap, (now - self._last) * 1_000)
        delays, self.delays, self.gap = self.delays, [], 0.0
        return delays, gap

    def _receive(self, data: bytes) -> None:
        now = time.monotonic()
        if not self._last:
            self._from = now + CONNECTED_BEFORE
        elif now > self._from:
            self.gap = max(self.gap, (now - self._last) * 1_000)
        self._last = now
        media = [record for record in unpack_records(data) if record.kind is Kind.MEDIA]
        if media and now >= self._from:
            self.frames += sum(record.track == Track.VIDEO for record in media)
            self.delays.append(time.time_ns() / 1e6 - media[0].capture / 1e3)


class HealthCheck:
    """Requests `/healthz` every HEALTH_EVERY seconds, but sends no request while another request
    waits for its answer. A request that becomes due during this wait counts too: its response time
    is the time from its due time until the answer for which the other request waits.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname and parts.port
        self._address = (parts.hostname, parts.port)
        self._host = f"{parts.hostname}:{parts.port}"
        self._tls = parts.scheme == "https"
        self._took: list[float] = []
        self._asked = math.inf
        """Time of the request that waits for its answer, seconds of `time.monotonic`; infinity if
        no request waits.
        """

    def take(self) -> list[float]:
        """Returns the response times since the last call, ms, sorted. A request that still waits
        for its answer counts too.
        """
        took, self._took = self._took, []
        return sorted(took + due_waits(time.monotonic() - self._asked))

    async def run(self) -> None:
        while True:
            client = HttpClient(self._host, "")
            try:
                self._asked = time.monotonic()
                async with asyncio.timeout(HEALTH_WITHIN):
                    await asyncio.get_running_loop().create_connection(
                        lambda client=client: client,
                        *self._address,
                        ssl=trusting() if self._tls else None,
                    )
                self._took += due_waits(time.monotonic() - self._asked - HEALTH_EVERY)
                await self._ask(client)
            except TimeoutError:  # a subclass of OSError
                self._took += due_waits(HEALTH_WITHIN)
            except OSError:  # no answer
                self._took += [HEALTH_WITHIN * 1_000, *due_waits(time.monotonic() - self._asked)]
            self._asked = math.inf
            client.close()
            await asyncio.sleep(HEALTH_EVERY)

    async def _ask(self, client: HttpClient) -> None:
        """Requests `/healthz` repeatedly until a request fails. Raises ConnectionBroken or
        TimeoutError.
        """
        while True:
            self._asked = asked = time.monotonic()
            answer = await asyncio.wait_for(client.get("/healthz"), HEALTH_WITHIN)
            if answer.status != 200:
                raise ConnectionBroken(f"HTTP {answer.status}")
            self._took += due_waits(time.monotonic() - asked)
            self._asked = math.inf
            await asyncio.sleep(max(0.0, asked + HEALTH_EVERY - time.monotonic()))


def due_waits(seconds: float) -> list[float]:
    """Returns the response time of each request that became due during a wait of `seconds`, ms."""
    found = []
    while seconds > 0:
        found.append(seconds * 1_000)
        seconds -= HEALTH_EVERY
    return found


async def run(url: str, rooms: list[str], count: int) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    lag, health = Lag(), HealthCheck(url)
    viewers = [ControlViewer() for _ in range(count)]
    connector = aiohttp.TCPConnector(limit=0, ssl=trusting() if url.startswith("https") else True)
    async with aiohttp.ClientSession(connector=connector) as http:
        tasks = [
            asyncio.create_task(viewer.watch(http, f"{url}/ws/{room}?player=load"))
            for viewer, room in zip(viewers, cycle(rooms), strict=False)
        ]
        tasks.append(asyncio.create_task(health.run()))
        async with asyncio.timeout(CONNECT_WITHIN):
            while not all(viewer.watching for viewer in viewers):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await asyncio.sleep(CONNECTED_BEFORE)
        _write("ready")
        since = time.monotonic()
        while await reader.readline():
            now = time.monotonic()
            _write(json.dumps(asdict(_felt(viewers, health, lag, now - since))))
            since = now
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    lag.close()


def _felt(viewers: list[ControlViewer], health: HealthCheck, lag: Lag, seconds: float) -> Felt:
    """Returns the figures for the time since the last call. `seconds`: duration of this time."""
    frames = sum(viewer.frames for viewer in viewers)
    for viewer in viewers:
        viewer.frames = 0
    taken = [viewer.take() for viewer in viewers]
    delays = sorted(delay for delays, _ in taken for delay in delays)
    answers = health.take()
    return Felt(
        percentile(delays, 0.5),
        percentile(delays, 0.99),
        max(gap for _, gap in taken),
        percentile(answers, 0.5),
        percentile(answers, 0.99),
        percentile(sorted(lag.take()), 0.99),
        sum(viewer.lost for viewer in viewers),
        frames / len(viewers) / seconds,
    )


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    with suppress(PermissionError):  # this needs root; otherwise the lateness shows
        os.setpriority(os.PRIO_PROCESS, 0, PROBE_NICENESS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(sys.argv[1], sys.argv[2].split(","), int(sys.argv[3])))


if __name__ == "__main__":
    main()
