"""Metrics of what people do in rooms. No label names a room or a person."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.http.events import EventsEndpoint
from server.http.watch import WatchEndpoint
from server.people.counters import PeopleCounters
from server.rooms.in_memory import RoomsInMemory
from server.social.counters import SocialCounters


@dataclass(frozen=True, slots=True)
class SocialSources:
    """The objects from which the metrics are read."""

    counters: SocialCounters
    people: PeopleCounters
    rooms: RoomsInMemory
    watch: WatchEndpoint
    events: EventsEndpoint


class SocialCollector(Collector):
    """Reads the counters when metrics are requested."""

    def __init__(self, sources: SocialSources) -> None:
        self._sources = sources

    def describe(self) -> Iterator[Metric]:
        """Yields no metrics. Without this method, `register` would call `collect` while the server
        is still starting.
        """
        yield from ()

    def collect(self) -> Iterator[Metric]:
        counters = self._sources.counters
        dropped = CounterMetricFamily(
            "microlive_dropped_notices",
            "Notices dropped because a viewer sent too many, by connection",
            labels=["path"],
        )
        dropped.add_metric(["websocket"], self._sources.watch.counters.dropped_notices)
        dropped.add_metric(["events"], self._sources.events.dropped_notices)
        yield dropped
        yield GaugeMetricFamily(
            "microlive_people_watching",
            "People who watch now; a person with several connections counts once",
            self._sources.rooms.watching,
        )
        people = self._sources.people
        yield CounterMetricFamily(
            "microlive_guests", "New guests; most of them are never stored", people.guests
        )
        yield CounterMetricFamily(
            "microlive_people", "People who were stored with their first write", people.stored
        )
        cookies = CounterMetricFamily(
            "microlive_refused_cookies", "Cookies of people that were refused", labels=["reason"]
        )
        cookies.add_metric(["invalid"], people.refused_cookies)
        cookies.add_metric(["signed_out"], people.signed_out)
        yield cookies
        sign_ins = CounterMetricFamily(
            "microlive_sign_ins", "Browsers signed in as another person", labels=["by"]
        )
        sign_ins.add_metric(["passkey"], people.passkey_sign_ins)
        sign_ins.add_metric(["transfer"], people.transfers)
        sign_ins.add_metric(["recovery"], people.recoveries)
        yield sign_ins
        refused_sign_ins = CounterMetricFamily(
            "microlive_refused_sign_ins", "Sign-ins that were refused", labels=["by"]
        )
        refused_sign_ins.add_metric(["passkey"], people.wrong_credentials)
        refused_sign_ins.add_metric(["code"], people.wrong_codes)
        yield refused_sign_ins
        yield CounterMetricFamily(
            "microlive_deleted_people", "People who were deleted, as they had asked", people.deleted
        )
        yield CounterMetricFamily(
            "microlive_messages", "Chat messages that were stored", counters.messages
        )
        yield CounterMetricFamily("microlive_taps", "Taps on reactions", counters.taps)
        yield CounterMetricFamily(
            "microlive_votes", "Votes that were stored, changed votes included", counters.votes
        )
        yield CounterMetricFamily(
            "microlive_lost_reactions",
            "Seconds whose reactions were dropped because storage did not answer",
            counters.lost_reactions,
        )
        refused = CounterMetricFamily(
            "microlive_refused_commands",
            "Commands of people that rooms refused, by the code of the refusal",
            labels=["code"],
        )
        for code, number in sorted(counters.refused.items()):
            refused.add_metric([code.value], number)
        yield refused
