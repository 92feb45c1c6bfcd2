"""A memory that is bounded in bytes."""

from dataclasses import dataclass

from server.recent_bytes import RecentBytes


@dataclass(frozen=True)
class Block:
    size: int


def test_the_value_that_was_unused_for_the_longest_time_is_forgotten() -> None:
    recent: RecentBytes[str, Block] = RecentBytes(100)
    for name in ("a", "b"):
        recent.keep(name, Block(40))
    assert recent.get("a") == Block(40)
    recent.keep("c", Block(40))
    assert recent.get("b") is None and recent.get("a") and recent.get("c")
    assert recent.size == 80


def test_a_value_above_the_bound_is_not_kept() -> None:
    recent: RecentBytes[str, Block] = RecentBytes(100)
    recent.keep("a", Block(40))
    recent.keep("b", Block(101))
    assert recent.get("b") is None and recent.get("a")
    recent.keep("a", Block(90))
    assert recent.size == 90
    recent.forget("a")
    recent.forget("a")
    assert recent.size == 0
