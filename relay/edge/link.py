"""Keeps the copy of one room up to date: subscribes to its feed, joins, and joins again after a
gap, a silence or a change of the owner.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from relay.channel.channel import Channel
from relay.edge import control
from relay.edge.bus import Bus, BusError, Reply, Subscription
from relay.edge.clock import OriginClock
from relay.edge.counters import EdgeCounters
from relay.edge.join import JoinRefused, JoinRequest, Snapshot
from relay.edge.leases import Counts
from relay.edge.replica import HELD_MAX, Replica, ReplicaState, Trouble
from relay.edge.subjects import control_subject, feed_subject
from relay.errors import MessageError, Refusal, RefusalCode

logger = logging.getLogger(__name__)

JOIN_WITHIN = 1.0
"""Time within which an origin must answer a join, s."""
OPEN_WITHIN = 3.0
"""Time after which a room that cannot be joined is refused, s."""
SILENCE = 2.5
"""Time without a feed message after which the origin counts as lost, s."""
GIVE_UP = 30.0
"""Time after which a copy that cannot be joined again is given up, s. Its viewers reconnect."""
RETRY, RETRY_MAX = 0.1, 1.0
"""Time until a failed join is tried again, s: the first, and the longest."""
EARLY_MAX = 1_000
"""Maximum number of feed messages that wait for the first snapshot."""
JITTER = 0.3
"""Maximum random time before a join after a silence, s, because all edges join at that time."""
WANT_EVERY = 0.1
"""Minimum time between two demands for a keyframe, s."""
NO_ANSWER = "the server of this room does not answer"


@dataclass(frozen=True, slots=True)
class RoomOwner:
    """The node that owns a room, and the epoch of its ownership."""

    node: str
    epoch: int


Locate = Callable[[str], Awaitable[RoomOwner | None]]
"""Returns the present owner of a room; None if no node has it now. Raises Refusal if the room has
ended or does not exist.
"""
MakeReplica = Callable[[str, Snapshot, Callable[[], None], Callable[[Trouble], None]], Replica]
"""Makes a copy from the room, its first snapshot, and the arguments `demand` and `trouble`."""


class Link:
    """The connection of one copy to its origin. Call `open` first and `close` at the end."""

    def __init__(
        self,
        room: str,
        owner: RoomOwner,
        edge: str,
        media: Bus,
        control: Bus,
        *,
        locate: Locate,
        make: MakeReplica,
        clock: Callable[[str], OriginClock],
        counters: EdgeCounters,
        monotonic: Callable[[], float],
        now: Callable[[], int],
    ) -> None:
        """`edge`: id of this node. `clock` returns the clock of a node."""
        self.room = room
        self.owner = owner
        self.replica: Replica | None = None
        self._edge = edge
        self._media = media
        self._control = control
        self._locate = locate
        self._make = make
        self._clock = clock
        self._counters = counters
        self._monotonic = monotonic
        self._now = now
        self._subscription: Subscription | None = None
        self._subscribed: RoomOwner | None = None
        self._early: list[bytes] = []
        """Feed messages that came before the first snapshot."""
        self._early_bytes = 0
        self._heard_at = monotonic()
        self._wanted_at = -WANT_EVERY
        self._recovery: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def counts(self) -> Counts:
        """The viewers of this copy."""
        if self.replica is None:
            return Counts()
        channel = self.replica.channel
        return Counts(channel.viewers, channel.ranked_viewers)

    @property
    def _joining(self) -> bool:
        return self.replica is not None and self.replica.state is ReplicaState.JOINING

    @property
    def ended(self) -> bool:
        return self.replica is not None and self.replica.state is ReplicaState.ENDED

    async def open(self) -> Channel:
        """Joins for the first time. Raises Refusal."""
        owner: RoomOwner | None = self.owner
        delay = RETRY
        try:
            async with asyncio.timeout(OPEN_WITHIN):
                while True:
                    if owner is not None:
                        try:
                            await self._join(owner)
                        except (BusError, JoinRefused, MessageError) as error:
                            self._fail(error)
                        if self.replica is not None:
                            return self.replica.channel
                    await asyncio.sleep(delay)
                    delay = min(2 * delay, RETRY_MAX)
                    owner = await self._find_owner()
        except TimeoutError as error:
            raise Refusal(503, RefusalCode.SERVER_CLOSING, NO_ANSWER, 1) from error

    def give_up(self) -> None:
        """Gives the copy up: its viewers reconnect. Call `close` next."""
        self._closed = True
        if self.replica is not None:
            self.replica.give_up()

    async def close(self) -> None:
        """Ends the recovery and the subscription. Call `give_up` first."""
        if self._recovery:
            self._recovery.cancel()
            await asyncio.wait((self._recovery,))
        await self._unsubscribe()

    def check(self, now: float) -> None:
        """Notices the silence of the origin. Call this a few times a second."""
        if self.replica and self._recovery is None and now - self._heard_at > SILENCE:
            self._counters.silences += 1
            self._recover(Trouble.MOVED)

    def move(self, owner: RoomOwner) -> None:
        """Takes note that the room has another owner. Does nothing if it is known already."""
        if owner.epoch > self.owner.epoch:
            self.owner = owner
            if self.replica is not None:
                self.replica.begin_join()
                self._stop_recovery()
                self._recover(Trouble.GAP)

    # Joining

    async def _join(self, owner: RoomOwner) -> None:
        """Raises BusError, JoinRefused or MessageError."""
        replica = self.replica
        await self._subscribe(owner)
        if replica is not None:
            replica.begin_join()
        request = JoinRequest(
            self._edge,
            self.room,
            owner.epoch,
            self.counts,
            replica.channel.id if replica else "",
            replica.channel.newest_event if replica else 0,
        )
        sent = self._now()
        answer = await self._control.request(
            control_subject(owner.node, "join"), request.pack(), JOIN_WITHIN
        )
        if (this := asyncio.current_task()) and this.cancelling():
            raise asyncio.CancelledError  # wait_for of Python 3.11 may swallow it
        snapshot = Snapshot.read(answer)
        if snapshot.epoch != owner.epoch or owner.epoch < self.owner.epoch:
            raise JoinRefused("not_here")
        clock = self._clock(owner.node)
        clock.add(sent, self._now(), snapshot.now, self._monotonic())
        self._counters.joins += 1
        self._heard_at = self._monotonic()
        self.owner = owner
        if replica is None:
            replica = self._make(self.room, snapshot, self._want, self._recover)
            for data in self._early:
                replica.receive(data)
            self._clear_early()
        replica.channel.ahead = clock.ahead
        if replica.join(snapshot):
            self.replica = replica
        else:
            replica.give_up()  # the room has started again

    async def _subscribe(self, owner: RoomOwner) -> None:
        if self._subscription is not None and self._subscribed == owner:
            return
        await self._unsubscribe()
        self._clear_early()
        self._subscription = await self._media.subscribe(
            feed_subject(owner.node, owner.epoch, self.room), self._receive
        )
        self._subscribed = owner

    async def _unsubscribe(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            await subscription.close()

    def _receive(self, _: str, data: bytes, __: Reply) -> None:
        self._heard_at = self._monotonic()
        if self.replica is not None:
            self.replica.receive(data)
        elif len(self._early) < EARLY_MAX and self._early_bytes + len(data) <= HELD_MAX:
            # What is lost here shows as a gap.
            self._early.append(data)
            self._early_bytes += len(data)

    def _clear_early(self) -> None:
        self._early.clear()
        self._early_bytes = 0

    # Recovery

    def _recover(self, trouble: Trouble) -> None:
        """Joins again in the background, unless that is being done."""
        if self._recovery is None and not self._closed:
            self._recovery = asyncio.get_running_loop().create_task(self._run_recovery(trouble))

    def _stop_recovery(self) -> None:
        if self._recovery is not None:
            self._recovery.cancel()
            self._recovery = None

    async def _run_recovery(self, trouble: Trouble) -> None:
        this = asyncio.current_task()
        try:
            await self._join_again(trouble)
        except Refusal as refusal:
            self._end(refusal)
        except Exception:  # a defect here must not leave the viewers without an end
            logger.exception("the copy of room %s was given up", self.room)
            self._end(None)
        finally:
            if self._recovery is this:
                self._recovery = None

    async def _join_again(self, trouble: Trouble) -> None:
        """Raises Refusal if the room has ended."""
        owner: RoomOwner | None = self.owner
        delay, since = RETRY, self._monotonic()
        if self._monotonic() - self._heard_at > SILENCE / 2:
            await asyncio.sleep(random.uniform(0, JITTER))
        if trouble is Trouble.MOVED:
            owner = await self._find_owner()
        while not self.ended:
            if owner is not None:
                try:
                    await self._join(owner)
                except (BusError, JoinRefused, MessageError) as error:
                    self._fail(error)
                    if self.replica is not None:
                        self.replica.fail_join()
                else:
                    if not self._joining:  # messages after the snapshot were lost too
                        return
            elif self.replica is not None:
                self.replica.fail_join()
            if self._monotonic() - since > GIVE_UP:
                raise Refusal(503, RefusalCode.SERVER_CLOSING, NO_ANSWER, 1)
            await asyncio.sleep(delay)
            delay = min(2 * delay, RETRY_MAX)
            owner = await self._find_owner()

    async def _find_owner(self) -> RoomOwner | None:
        """Raises Refusal if the room has ended."""
        try:
            return await self._locate(self.room)
        except Refusal:
            raise
        except Exception as error:  # the directory of the rooms is away
            logger.debug("room %s was not found: %s", self.room, error)
            return None

    def _end(self, refusal: Refusal | None) -> None:
        if self.replica is None:
            return
        if refusal is not None and refusal.code is RefusalCode.ROOM_ENDED:
            self.replica.end()
        else:
            self.replica.give_up()

    def _fail(self, error: Exception) -> None:
        self._counters.failed += 1
        logger.debug("the join of room %s at %s failed: %s", self.room, self.owner.node, error)

    # Demands

    def _want(self) -> None:
        """Asks the origin for a keyframe, unless it was asked just before."""
        now = self._monotonic()
        if now - self._wanted_at >= WANT_EVERY:
            self._wanted_at = now
            data = control.pack(edge=self._edge, room=self.room)
            self._control.publish(control_subject(self.owner.node, "want"), data)
