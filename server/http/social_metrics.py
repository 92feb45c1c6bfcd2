"""Metrics of the actions of people in rooms. No label contains the name of a room or person."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from server.http.events import EventsEndpoint
from server.http.metric_families import Family, counter
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

    def describe(self) -> Iterator[Family]:
        """Yields no metrics. Without this method, `register` would call `collect` while the server
        is still starting.
        """
        yield from ()

    def collect(self) -> Iterator[Family]:
        yield from self._rooms()
        yield from self._people()
        yield from self._sign_ins()

    def _rooms(self) -> Iterator[Family]:
        sources, counters = self._sources, self._sources.counters
        yield GaugeMetricFamily(
            "microlive_people_watching",
            "People who watch now; a person with several connections counts once",
            sources.rooms.watching,
        )
        yield counter(
            "dropped_notices",
            "Notices dropped because a viewer sent too many, by connection",
            "path",
            {
                "websocket": sources.watch.counters.dropped_notices,
                "events": sources.events.dropped_notices,
            },
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
        yield counter(
            "refused_commands",
            "Commands of people that rooms refused, by the code of the refusal",
            "code",
            {code.value: number for code, number in sorted(counters.refused.items())},
        )

    def _people(self) -> Iterator[Family]:
        people = self._sources.people
        yield CounterMetricFamily(
            "microlive_guests", "New guests; most of them are never stored", people.guests
        )
        yield CounterMetricFamily(
            "microlive_people", "People who were stored with their first write", people.stored
        )
        yield CounterMetricFamily(
            "microlive_deleted_people",
            "People who were deleted at their own request",
            people.deleted,
        )
        yield counter(
            "refused_cookies",
            "Cookies of people that were refused",
            "reason",
            {"invalid": people.refused_cookies, "signed_out": people.signed_out},
        )

    def _sign_ins(self) -> Iterator[Family]:
        people = self._sources.people
        yield counter(
            "sign_ins",
            "Browsers signed in as another person",
            "by",
            {
                "passkey": people.passkey_sign_ins,
                "transfer": people.transfers,
                "recovery": people.recoveries,
            },
        )
        yield counter(
            "refused_sign_ins",
            "Sign-ins that were refused",
            "by",
            {"passkey": people.wrong_credentials, "code": people.wrong_codes},
        )
