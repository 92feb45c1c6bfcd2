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
        "plis",
        "nacks",
        "rejected",
    }
