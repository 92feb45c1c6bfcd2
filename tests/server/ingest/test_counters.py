"""Counters of all publishers' sessions."""

from relay.rtc.receive.counters import ReceiveCounters
from server.ingest.counters import IngestCounters


def test_a_total_never_falls() -> None:
    """Sessions with equal counts are distinguished; a closed one is counted once."""
    counters, first, second = (
        IngestCounters(),
        ReceiveCounters(packets=3, nacks=1),
        ReceiveCounters(packets=3, nacks=1),
    )
    counters.enter(first)
    counters.enter(second)
    assert (counters.totals()["packets"], counters.totals()["nacks"]) == (6, 2)
    second.packets = 10
    counters.leave(first)
    counters.leave(first)
    assert counters.totals()["packets"] == 13
    counters.leave(second)
    second.packets = 20
    assert counters.totals()["packets"] == 13 and set(counters.totals()) == {
        "packets",
        "payload_bytes",
        "delivery_ns",
        "plis",
        "nacks",
        "foreign",
        "rejected",
        "limited",
        "withheld",
        "unconsented",
    }


def test_sessions_that_send_are_counted() -> None:
    counters = IngestCounters()
    silent, sending = ReceiveCounters(), ReceiveCounters(last_media=1.0)
    counters.enter(silent)
    counters.enter(sending)
    assert counters.sending == 1
    counters.leave(sending)
    assert counters.sending == 0
