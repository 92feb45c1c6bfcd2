"""The parts whose settings can change while the server runs."""

from collections.abc import Sequence

from server.composition.parts import Parts
from server.host.certificate import names_in
from server.host.listeners import Listener
from server.host.logs import set_level
from server.http.hosts import KnownHosts
from server.reloading import Reloadable, Reloading
from server.settings import Settings

RATES = (
    "max_requests_per_address_second",
    "max_rooms_per_address_hour",
    "max_whip_per_address_minute",
    "max_whep_per_address_minute",
    "max_lookups_per_address_minute",
    "max_person_requests_per_address_minute",
    "max_feed_requests_per_address_minute",
    "max_code_tries_per_address_hour",
    "max_admin_per_address_minute",
)
SOCKETS = (
    "max_connections",
    "max_sockets_per_address",
    "max_connecting_whep",
    "max_connecting_whep_per_address",
)
"""The settings of limits that can change while the server runs, with RATES."""


def create_reloading(parts: Parts, listeners: Sequence[Listener], hosts: KnownHosts) -> Reloading:
    """Returns the part that applies changed settings. `hosts`: the hosts of this server, to which
    the names in a new certificate are added.
    """

    def apply_certificate(settings: Settings) -> bool:
        if not (listeners[0].tls and settings.tls_cert and settings.tls_key):
            return False
        listeners[0].load_certificate(settings.tls_cert, settings.tls_key)
        hosts.add(names_in(settings.tls_cert))
        return True

    def apply_limits(settings: Settings) -> bool:
        parts.limits.apply(settings)
        parts.outputs.apply(settings)
        parts.visitors.identity.apply(settings)
        return True

    def apply_level(settings: Settings) -> bool:
        set_level(settings.log_level)
        return True

    found = (
        Reloadable(("tls_cert", "tls_key"), apply_certificate),  # first: it may be invalid
        Reloadable((*RATES, *SOCKETS, "max_people_per_address_hour"), apply_limits),
        Reloadable(("log_level",), apply_level),
    )
    return Reloading(parts.settings, found)
