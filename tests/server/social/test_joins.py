"""The choice of the joining people that viewers see."""

from server.social.joins import MAX_WAITING, Joins


def test_one_of_many_is_shown() -> None:
    joins = Joins()
    for name in ("민지", "Sam", "Ana"):
        joins.add(name)
    assert joins.take(4) == {"type": "joined", "names": ["Sam"], "others": 2}
    assert joins.waiting == 0
    joins.add("Ben")
    assert joins.take(7) == {"type": "joined", "names": ["Ben"], "others": 0}


def test_few_names_are_kept() -> None:
    joins = Joins()
    for number in range(10_000):
        joins.add(f"name {number}")
    assert len(joins._names) == MAX_WAITING
    assert joins.take(0) == {"type": "joined", "names": ["name 0"], "others": 9_999}
