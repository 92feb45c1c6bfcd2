"""Which tags go together."""

from server.feed.kin import MAX_EXPANDED, MAX_TAGS, SHARE, Kin


def test_tags_that_creators_use_together_go_together() -> None:
    kin = Kin(
        [
            *((f"cook {index}", ("ramen", "cooking", "live")) for index in range(5)),
            *((f"singer {index}", ("song", "music", "live")) for index in range(5)),
        ]
    )
    weights = dict(kin.expand(("ramen",)))
    assert weights["ramen"] == 1
    assert 0 < weights["cooking"] <= SHARE
    # Everyone uses #live, so that it says nothing.
    assert set(weights) == {"ramen", "cooking"}


def test_one_creator_cannot_make_tags_go_together() -> None:
    kin = Kin(
        [
            *(("spammer", ("ramen", "song")) for _ in range(1_000)),
            *((f"cook {index}", ("ramen",)) for index in range(10)),
            *((f"singer {index}", ("song",)) for index in range(10)),
        ]
    )
    assert dict(kin.expand(("ramen",))) == {"ramen": 1}


def test_unknown_and_too_many_tags_are_bounded() -> None:
    kin = Kin()
    assert kin.expand(()) == ()
    assert len(kin.expand([f"tag {index}" for index in range(10_000)])) == MAX_TAGS
    for index in range(MAX_EXPANDED + 5):
        kin.expand((f"tag {index}",))
    assert dict(kin.expand(("tag 3",))) == {"tag 3": 1}
