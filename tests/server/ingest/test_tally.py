"""What all creators' sessions have counted."""

from relay.rtc.session import SessionCounters
from server.ingest.tally import Tally


def test_a_total_never_falls() -> None:
    """Sessions that count alike are told apart; one that has ended stays counted, and once."""
    tally, first, second = Tally(), SessionCounters(packets=3, nacks=1), SessionCounters(packets=3, nacks=1)
    tally.enter(first)
    tally.enter(second)
    assert (tally.totals()["packets"], tally.totals()["nacks"]) == (6, 2)
    second.packets = 10
    tally.leave(first)
    tally.leave(first)
    assert tally.totals()["packets"] == 13
    tally.leave(second)
    second.packets = 20
    assert tally.totals()["packets"] == 13 and set(tally.totals()) == {"packets", "payload_bytes", "plis", "nacks", "rejected"}
