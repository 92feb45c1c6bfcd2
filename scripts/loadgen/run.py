"""Runs a scenario, from the first request to the server until all viewers and creators have
left.
"""

import asyncio
import math
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict

from scripts.loadgen import clip, machine
from scripts.loadgen.errors import BadInput, ServerGone
from scripts.loadgen.plans import CrowdPlan, CrowdsPlan, PublishersPlan, WritersPlan
from scripts.loadgen.record import Record, Sample
from scripts.loadgen.scenario import Scenario, shares
from scripts.loadgen.target import PublishEndpoint, Server, Target
from scripts.loadgen.workers import Worker

HEAD_START = 0.2
"""Seconds from the start signal until the first viewer or creator arrives."""
LIVE_WITHIN = 20.0
CHECKS_MISSED = 2
"""Number of consecutive unanswered health checks after which the server counts as gone."""
SETTLE = 0.3
"""Maximum delay with which the workers send the figures of a second, seconds."""

Watch = Callable[[Sample], None]
Say = Callable[[str], None]


class Run:
    """One run of a scenario. Call `go()` once. The record is kept even if the run fails."""

    def __init__(self, scenario: Scenario, watch: Watch, say: Say) -> None:
        self.scenario = scenario
        self.record = Record(scenario.folder)
        self.version = ""
        self.clip: clip.Clip | None = None
        self.interrupted = False
        self.rooms: list[str] = []
        self._watch = watch
        self._say = say
        self._server = Server(scenario.target, scenario.token, scenario.insecure)
        self._workers: list[Worker] = []
        self._endpoints: list[PublishEndpoint] = []
        self._created: list[PublishEndpoint] = []
        self._stop = asyncio.Event()
        self._began = 0.0
        self._meters: list[machine.ProcessMeter | None] = []
        """Of each of the scenario's places; None if the place is not measured."""
        self._steal = machine.StealMeter()
        self._live_rooms: int | None = None

    async def go(self) -> None:
        """Runs the scenario. Raises BadInput if the test is not possible. Raises ServerGone if the
        server goes away.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._interrupt)
        try:
            self.version = await self._server.check()
            for place in self.scenario.places[1:]:
                await self._check_node(place)
            await self._prepare()
            await self._start()
            await self._measure()
        finally:
            await self._end()

    def _interrupt(self) -> None:
        self.interrupted = True
        self._stop.set()

    # Before the run

    async def _prepare(self) -> None:
        scenario = self.scenario
        crowd = math.ceil(scenario.viewers / scenario.workers) if scenario.viewers else 0
        machine.require_descriptors(max(crowd, scenario.creators))
        for place in scenario.places:
            pid = machine.listening_pid(place.port) if place.local else None
            self._meters.append(machine.ProcessMeter(pid) if pid else None)
        self._check_server_descriptors()
        if scenario.creators:
            width, height = scenario.size
            self._say(f"encoding {width}x{height} at {scenario.kbps} kbps")
            self.clip = await asyncio.to_thread(
                clip.encode, width, height, scenario.fps, scenario.kbps
            )
            self._endpoints = await self._find_endpoints()
            self.rooms = [endpoint.room for endpoint in self._endpoints]
        elif scenario.room:
            await self._server.require_live(scenario.room)
            self.rooms = [scenario.room]
        else:
            live = await self._server.live_rooms()
            if not live:
                raise BadInput(
                    f"no room is live on {scenario.target.url}: go live, or use --publish"
                )
            self.rooms = live[:1]

    async def _check_node(self, place: Target) -> None:
        node = Server(place, self.scenario.token, self.scenario.insecure)
        try:
            await node.check()
        finally:
            await node.close()

    async def _find_endpoints(self) -> list[PublishEndpoint]:
        scenario = self.scenario
        if scenario.room and scenario.key:
            endpoint = self._server.endpoint(scenario.room, scenario.key)
            await self._server.require_key(endpoint)
            return [endpoint]
        for number in range(scenario.creators):
            self._created.append(await self._server.create_room(f"load {number + 1}"))
        return self._created

    def _check_server_descriptors(self) -> None:
        for place, meter in zip(self.scenario.places, self._meters, strict=True):
            allowed = meter.open_files_allowed() if meter else None
            viewers = self._at_places(self.scenario.viewers)[place]
            needed = viewers + machine.SPARE_DESCRIPTORS
            if allowed is not None and allowed < needed and meter:
                raise BadInput(
                    f"the server may open {allowed} files and {viewers} viewers "
                    f"need {needed}: raise the limit with "
                    f"`sudo prlimit --pid {meter.pid} --nofile={needed}:{needed}`"
                )

    async def _start(self) -> None:
        if self.scenario.creators:
            self._add_creators()
        if self.scenario.viewers:
            self._add_viewers()
        if self.scenario.chat:
            self._add_writers()
        self._say("starting processes")
        await asyncio.gather(*(worker.start() for worker in self._workers))
        creators = [worker for worker in self._workers if worker.role == "publishers"]
        viewers = [worker for worker in self._workers if worker.role != "publishers"]
        await self._begin(creators)
        if creators and viewers:
            self._say("waiting for our creator to be live")
            await self._until_live()
        await self._begin(viewers)

    async def _begin(self, workers: list[Worker]) -> None:
        """Waits until all `workers` are ready, then starts all of them at the same moment."""
        await asyncio.gather(*(worker.ready() for worker in workers))
        self._began = time.time() + HEAD_START
        for worker in workers:
            worker.begin(self._began)

    async def _until_live(self) -> None:
        waiting = asyncio.create_task(self._server.wait_live(self._endpoints[0].room, LIVE_WITHIN))
        stop = asyncio.create_task(self._stop.wait())
        await asyncio.wait([waiting, stop], return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        for worker in self._workers:
            await worker.require_running()
        if not waiting.done():
            waiting.cancel()
            return
        causes = [
            cause for worker in self._workers for cause in worker.take().causes("creator_failed")
        ]
        if waiting.exception() and causes:
            raise BadInput(f"the simulated creator could not connect: {causes[0]}")
        waiting.result()

    def _add_creators(self) -> None:
        scenario = self.scenario
        assert self.clip
        clip_json, parts = (
            self.clip.to_json(),
            min(scenario.workers, len(self._endpoints)) if scenario.name == "creators" else 1,
        )
        # In a mixed run, viewers arrive as soon as the first creator is live. The other creators
        # may still be connecting.
        ramp = (
            scenario.ramp
            if scenario.name == "creators"
            else min(scenario.ramp, 0.1 * len(self._endpoints))
        )
        for index in range(parts):
            mine = [
                (endpoint.room, endpoint.key, endpoint.whip)
                for endpoint in self._endpoints[index::parts]
            ]
            plan = PublishersPlan(
                scenario.insecure, mine, clip_json, scenario.stay, ramp, moves=scenario.moves
            )
            self._workers.append(
                Worker(
                    f"creators {index + 1}" if parts > 1 else "creators", "publishers", asdict(plan)
                )
            )

    def _add_viewers(self) -> None:
        scenario = self.scenario
        crowds = [
            (f"viewers {index + 1}", count, False)
            for index, count in enumerate(
                shares(scenario.viewers - scenario.probes, scenario.workers)
            )
            if count
        ]
        first = 0
        for name, count, probe in [*crowds, ("probes", scenario.probes, True)]:
            plans = []
            for place, viewers in self._at_places(count).items():
                plans.append(self._crowd_plan(place, viewers, first, probe))
                first += viewers
            plan = CrowdsPlan(plans) if self.scenario.nodes else plans[0]
            role = "crowds" if self.scenario.nodes else "crowd"
            self._workers.append(Worker(name, role, asdict(plan)))

    def _at_places(self, viewers: int) -> Counter[Target]:
        """Returns how many of `viewers` watch at each place."""
        nodes = self.scenario.nodes or (self.scenario.target,)
        counts = Counter[Target]()
        for node, share in zip(nodes, shares(viewers, len(nodes)), strict=True):
            counts[node] += share
        return +counts

    def _crowd_plan(self, place: Target, viewers: int, first: int, probe: bool) -> CrowdPlan:
        scenario = self.scenario
        return CrowdPlan(
            host=place.host,
            port=place.port,
            tls=place.tls,
            insecure=scenario.insecure,
            path=place.path,
            rooms=self.rooms,
            weights=scenario.weights(len(self.rooms)),
            viewers=viewers,
            probe=probe,
            slow=0 if probe else round(viewers * scenario.slow_share),
            slow_bps=scenario.slow_bps,
            rude=0 if probe else round(viewers * scenario.rude_share),
            swipe=scenario.swipe,
            ramp=scenario.ramp,
            same_clock=place.local,
            playback_path=scenario.path,
            first=first,
            taps=scenario.taps / scenario.viewers,
            reads_events=probe and scenario.chat + scenario.taps > 0,
            node=scenario.places.index(place),
        )

    def _add_writers(self) -> None:
        scenario = self.scenario
        plan = WritersPlan(
            url=scenario.target.url,
            insecure=scenario.insecure,
            rooms=self.rooms,
            weights=scenario.weights(len(self.rooms)),
            rate=scenario.chat,
            guests=scenario.guests,
            after=scenario.ramp,
        )
        self._workers.append(Worker("writers", "writers", asdict(plan)))

    # During the run

    async def _measure(self) -> None:
        """Takes a sample each second until the planned duration is over or the user stops the run.
        Raises ServerGone if the server goes away.
        """
        looking = asyncio.create_task(self._watch_server())
        try:
            end = self._began + self.scenario.ramp + self.scenario.seconds
            while time.time() < end and not self._stop.is_set():
                await self._pause(1.0 - (time.time() - SETTLE) % 1.0)
                if looking.done():
                    looking.result()
                for worker in self._workers:
                    await worker.require_running()
                self._take()
        finally:
            looking.cancel()
            await asyncio.wait([looking])

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            pass

    async def _watch_server(self) -> None:
        """Checks the server's health once a second. Raises ServerGone once the server is gone."""
        missed = 0
        while True:
            missed = 0 if await self._check_server() else missed + 1
            if missed >= CHECKS_MISSED:
                raise ServerGone(
                    f"the server went away {time.time() - self._began:.0f} s after the start"
                )
            await asyncio.sleep(1.0)

    async def _check_server(self) -> bool:
        if not await self._server.alive():
            return False
        if self._endpoints:
            ours = set(self.rooms)
            try:
                self._live_rooms = sum(room in ours for room in await self._server.live_rooms())
            except BadInput:  # the server is gone or too busy: the next check decides
                self._live_rooms = None
        return True

    def _take(self) -> None:
        at = time.time() - self._began
        reports = {worker.name: worker.take() for worker in self._workers}
        if at < 0 or not any(each.counts for each in reports.values()):
            self.record.skip(reports)
            return
        plateau = at >= self.scenario.ramp + 1.0
        servers = [meter.take() if meter else None for meter in self._meters]
        measured = [each for each in servers if each]
        sample = self.record.add(
            at,
            plateau,
            reports,
            live_rooms=self._live_rooms,
            steal=self._steal.take(),
            server=(sum(each[0] for each in measured), sum(each[1] for each in measured))
            if measured
            else None,
            nodes=servers if self.scenario.nodes else (),
        )
        self._watch(sample)

    # After the run

    async def _end(self) -> None:
        await asyncio.gather(*(worker.stop() for worker in self._workers))
        for worker in self._workers:
            # Take only the counts, because the delays of leaving viewers are not meaningful.
            self.record.total.counts.update(worker.take().counts)
        for endpoint in self._created:
            try:
                await self._server.end_room(endpoint)
            except BadInput:  # the server is gone, and its room with it
                break
        await self._server.close()
        self.record.close()
