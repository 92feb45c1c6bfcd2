"""The server's ranking (server/feed), fed as the server feeds it."""

from collections.abc import Sequence

from scripts.benchmarks.feed import constants as c
from scripts.benchmarks.feed.evening import Person
from scripts.benchmarks.feed.live import Live
from scripts.benchmarks.feed.world import World
from server.feed.features import Candidate, Shown, Viewer
from server.feed.kin import Kin
from server.feed.ranking import Pool
from server.feed.taste import MAX_GUEST_BYTES, SKIP, STAY, Taste
from server.feed.witnesses import Audience, Witnesses
from server.social.usual_reactions import UsualReactions

KIN_EVERY = 600.0
"""Seconds after which the server looks again which tags go together."""
EPOCH = 1_800_000_000.0
"""Unix time at which the evening begins: the ranking gets no small numbers."""


class Ours:
    page = c.PAGE

    def __init__(self, world: World) -> None:
        self._tastes = [Taste() for _ in range(world.size.viewers)]
        self._visits = [0] * world.size.viewers
        self._witnesses = Witnesses()
        self._audience = Audience()
        self._usual: dict[int, UsualReactions] = {}
        self._lives: dict[str, Live] = {}
        self._seed = 0
        self._new: dict[int, set[int]] = {}
        """For each viewer: the lives of the latest page that are there because they are new."""
        self.shown = 0
        self.shown_as_new = 0
        self._known: dict[str, tuple[str, ...]] = {}
        self._kin_at = 0.0

    def refresh(self, lives: Sequence[Live], now: float, swipes: float) -> None:
        self._lives = {str(live.index): live for live in lives}
        self._usual = {live.index: self._react(live) for live in lives}
        candidates = [self._candidate(live) for live in lives]
        self._known.update((item.creator, item.tags) for item in candidates)
        if now >= self._kin_at:
            self._kin = Kin(self._known.items())
            self._kin_at = now + KIN_EVERY
        self._pool = Pool(candidates, EPOCH + now, swipes, self._kin)

    def next(self, person: Person, now: float) -> Sequence[Live]:
        if self._visits[person.index] != person.visits:
            self._visits[person.index] = person.visits
            self._return(person, now)
        self._seed += 1
        shown = {
            str(live): Shown(EPOCH + at, seconds < SKIP)
            for live, (at, seconds) in person.seen.items()
            if str(live) in self._lives
        }
        viewer = Viewer(
            self._tastes[person.index],
            frozenset(map(str, person.follows)),
            c.MOODS[person.mood] if person.mood >= 0 else "",
            20,
            shown,
        )
        ranked = self._pool.rank(viewer, self._seed, self.page)
        self._new[person.index] = {
            int(found.item.item)
            for found in ranked
            if any(reason.code == "new" for reason in found.reasons)
        }
        return [self._lives[found.item.item] for found in ranked]

    def watched(self, person: Person, live: Live, seconds: float, now: float) -> None:
        self.shown += 1
        self.shown_as_new += live.index in self._new[person.index]
        if seconds >= STAY:
            self._audience.stayed(str(person.index), str(live.plan.creator))
        self._tastes[person.index].watched(
            str(live.plan.creator), self._kin.expand(live.tags), live.mood, seconds, EPOCH + now, 20
        )

    def admit(self, live: int, network: str, person: str, now: float) -> bool:
        if live >= 0 and not self._audience.counts(person):
            return False
        return self._witnesses.admit(str(live), network, person, now)

    def _return(self, person: Person, now: float) -> None:
        """Keeps between two visits what a guest's browser keeps."""
        text = self._tastes[person.index].to_json(MAX_GUEST_BYTES)
        self._tastes[person.index] = Taste.from_json(text, EPOCH + now)

    def _react(self, live: Live) -> UsualReactions:
        usual = self._usual.get(live.index) or UsualReactions()
        usual.learn(live.reactors, live.viewers, c.REFRESH)
        return usual

    def _candidate(self, live: Live) -> Candidate:
        return Candidate(
            "live",
            str(live.index),
            str(live.plan.creator),
            live.tags,
            live.mood,
            EPOCH + live.plan.begins,
            live.viewers,
            live.arrivals,
            live.reactors,
            self._usual[live.index].number,
            live.answers,
            live.impressions,
            live.stays,
            live.skips,
            live.seconds,
        )
