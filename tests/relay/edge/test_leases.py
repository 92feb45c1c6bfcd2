"""The leases of edges."""

import pytest

from relay.edge import leases
from relay.edge.leases import LEASE_S, Counts, Leases
from relay.errors import MessageError


def test_counts_are_replaced() -> None:
    held = Leases()
    assert held.renew("a", "room", Counts(3, 2), 0)
    assert held.renew("b", "room", Counts(5, 5), 0)
    assert held.counts("room") == Counts(8, 7)
    held.beat("a", {"room": Counts(1, 1)}, 1)
    assert held.counts("room") == Counts(6, 6)
    assert held.counts("other") == Counts()
    assert (len(held), held.edges) == (2, 2)


def test_a_lease_ends_unless_its_edge_renews_it() -> None:
    held = Leases()
    held.renew("a", "room", Counts(3, 3), 0)
    held.renew("b", "room", Counts(4, 4), 0)
    held.beat("b", {"room": Counts(4, 4)}, 3)
    assert held.expire(LEASE_S - 0.01) == set()
    assert held.expire(LEASE_S) == {"room"}
    assert held.counts("room") == Counts(4, 4)
    assert held.wanted("room")
    assert held.expire(3 + LEASE_S) == {"room"}
    assert not held.wanted("room")
    assert len(held) == 0


def test_a_beat_begins_no_lease() -> None:
    """A room that the origin does not know any more must be joined again."""
    held = Leases()
    held.beat("a", {"room": Counts(1, 1)}, 0)
    assert not held.wanted("room")


def test_ends() -> None:
    held = Leases()
    for edge in ("a", "b"):
        for room in ("x", "y"):
            held.renew(edge, room, Counts(1, 1), 0)
    held.forget("y")
    assert len(held) == 2
    assert held.end("a") == {"x"}
    assert held.counts("x") == Counts(1, 1)
    assert held.end("b") == {"x"}
    assert not held.wanted("x")


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "MAX_LEASES", 3)
    monkeypatch.setattr(leases, "MAX_EDGES", 2)
    held = Leases()
    assert held.renew("a", "x", Counts(), 0)
    assert held.renew("b", "x", Counts(), 0)
    assert not held.renew("c", "x", Counts(), 0)
    assert held.renew("c", "y", Counts(), 0)
    assert not held.renew("d", "z", Counts(), 0)
    assert held.renew("a", "x", Counts(), 0)


@pytest.mark.parametrize("value", [None, 1, [1], [1, -1], [1, 2, 3], [True, 1], ["1", 1], [1, 1e9]])
def test_malformed_counts(value: object) -> None:
    with pytest.raises(MessageError):
        Counts.from_json(value)


def test_counts_as_json() -> None:
    assert Counts.from_json(Counts(3, 2).to_json()) == Counts(3, 2)
