"""The order of the feed and its reasons."""

from random import Random
from typing import Any

import pytest

from server.feed.features import Candidate, Shown, Viewer
from server.feed.ranking import CREATOR_APART, OTHER_SHARE, Pool, rank
from server.feed.reasons import REASONS, WEIGHTS, Ranked
from server.feed.taste import Taste
from tests.server.feed.candidates import NOW, live


def _places(candidates: list[Candidate], viewer: Viewer, item: str, **more: Any) -> float:
    """Returns the mean place of an item over many seeds."""
    pool = Pool(candidates, NOW, **more)
    places = []
    for seed in range(40):
        order = [found.item.item for found in pool.rank(viewer, seed, len(candidates))]
        places.append(order.index(item))
    return sum(places) / len(places)


def _reason(ranked: list[Ranked], item: str, code: str) -> float:
    found = next(found for found in ranked if found.item.item == item)
    return sum(reason.weight for reason in found.reasons if reason.code == code)


def _crowd(number: int = 10) -> list[Candidate]:
    return [live(index) for index in range(number)]


def test_the_weights_of_the_reasons_sum_up_to_the_score() -> None:
    taste = Taste()
    taste.watched("creator 1", [("ramen", 1.0)], "calm", 60, NOW, 20)
    viewer = Viewer(
        taste,
        frozenset({"creator 2"}),
        "loud",
        20,
        {"live 3": Shown(NOW - 60), "live 4": Shown(NOW - 60, skipped=True)},
    )
    items = [
        live(1, mood="calm", tags=("ramen", "cooking")),
        live(2, mood="loud", reactors=5, answers=3),
        *(live(number, stays=60, arrivals=5) for number in (3, 4)),
        live(5, kind="clip"),
        live(6, kind="replay"),
        live(7, impressions=0, stays=0, skips=0, began=NOW),
    ]
    seen = set()
    for seed in range(30):
        for found in rank(items, viewer, NOW, seed):
            assert found.score == pytest.approx(sum(reason.weight for reason in found.reasons))
            weights = [abs(reason.weight) for reason in found.reasons]
            assert weights == sorted(weights, reverse=True)
            seen |= {reason.code for reason in found.reasons}
    assert seen == REASONS


def test_the_same_seed_gives_the_same_order() -> None:
    items = [live(number, stays=number, skips=5) for number in range(50)]
    assert rank(items, Viewer(), NOW, 7) == rank(items, Viewer(), NOW, 7)
    assert rank(items, Viewer(), NOW, 7) != rank(items, Viewer(), NOW, 8)


def test_each_item_comes_once() -> None:
    items = [live(number, impressions=number % 30) for number in range(60)]
    order = [found.item for found in rank(items, Viewer(), NOW, 1, limit=60)]
    assert len(order) == len(set(order)) == 60
    assert rank([], Viewer(), NOW, 1) == []


@pytest.mark.parametrize(
    "features",
    [
        {"stays": 70, "skips": 10},
        {"reactors": 8},
        {"answers": 6},
        {"began": NOW - 10},
    ],
)
def test_what_makes_an_item_better_for_everyone(features: dict[str, Any]) -> None:
    # What people do counts as at the best tenth of all items: two of twenty are good.
    items = [*_crowd(18), live(18, **features), live(19, **features)]
    assert _places(items, Viewer(), "live 18") < 6


def test_many_viewers_help_a_little() -> None:
    few, many = live(0, viewers=2, arrivals=1), live(1, viewers=50, arrivals=20)
    others = [live(number, viewers=number * 5, arrivals=number % 5) for number in range(2, 12)]
    ranked = rank([*others, few, many], Viewer(), NOW, 1, limit=12)
    for code in ("people", "coming"):
        assert _reason(ranked, "live 1", code) > _reason(ranked, "live 0", code)


def test_bots_lift_a_live_no_further_than_the_second_best() -> None:
    best = live(0, viewers=30, arrivals=9, stays=60)
    bought = live(1, viewers=9_000, arrivals=9_000, stays=9_000)
    ranked = rank([*(live(i) for i in range(2, 12)), best, bought], Viewer(), NOW, 1, limit=12)
    for code in ("people", "coming", "stays"):
        assert _reason(ranked, "live 1", code) <= _reason(ranked, "live 0", code)


def test_constant_reactions_are_nothing_special() -> None:
    items = [*_crowd(), live(10, reactors=1_000, usual_reactors=1_000.0)]
    assert _reason(rank(items, Viewer(), NOW, 1, limit=11), "live 10", "reactions") == 0


def test_what_the_viewer_stays_with_comes_first() -> None:
    taste = Taste()
    for index in range(5):
        taste.watched(f"cook {index}", [("ramen", 1.0)], "", 120, NOW)
    items = [*_crowd(), live(10, tags=("ramen",))]
    assert _places(items, Viewer(taste), "live 10") < 1
    assert _places(items, Viewer(), "live 10") > 2


def test_tags_that_go_together_count_too() -> None:
    taste = Taste()
    for index in range(5):
        taste.watched(f"cook {index}", [("ramen", 1.0)], "", 120, NOW)
    items = [
        *_crowd(),
        *(live(number, tags=("ramen", "cooking")) for number in range(20, 24)),
        live(30, tags=("cooking",)),
    ]
    ranked = rank(items, Viewer(taste), NOW, 1, limit=len(items))
    assert _reason(ranked, "live 30", "tag") > 0.05


def test_who_is_followed_comes_first_until_seen() -> None:
    follows = frozenset({"creator 3"})
    assert _places(_crowd(), Viewer(follows=follows), "live 3") == 0
    seen = {"live 3": Shown(NOW - 5, skipped=True)}
    assert _places(_crowd(), Viewer(follows=follows, shown=seen), "live 3") > 5


def test_the_chosen_mood_tilts_the_order() -> None:
    items = [*_crowd(), live(10, mood="funny")]
    assert _places(items, Viewer(mood="funny"), "live 10") < 1.5
    assert _places(items, Viewer(mood="calm"), "live 10") > 2


def test_what_was_seen_and_skipped_sinks_and_comes_back() -> None:
    def place(shown: Shown) -> float:
        return _places(_crowd(), Viewer(shown={"live 3": shown}), "live 3")

    assert place(Shown(NOW - 10)) > 8
    ranked = rank(_crowd(), Viewer(shown={"live 3": Shown(NOW - 10, True)}), NOW, 1)
    assert _reason(ranked, "live 3", "skipped") < -0.5
    assert place(Shown(NOW - 86_400)) < 8


def test_hidden_creators_never_appear() -> None:
    hidden = frozenset({"creator 3"})
    items = [*_crowd(), live(3, impressions=0)]
    for seed in range(20):
        viewer = Viewer(hidden=hidden, follows=hidden)
        assert all(found.item.creator != "creator 3" for found in rank(items, viewer, NOW, seed))


def test_a_creator_does_not_come_twice_in_five() -> None:
    clips = [
        live(number, item=f"clip {number}", kind="clip", creator="star", stays=90, skips=1)
        for number in range(8)
    ]
    for seed in range(20):
        creators = [
            found.item.creator for found in rank([*_crowd(20), *clips], Viewer(), NOW, seed)
        ]
        for begin in range(len(creators) - CREATOR_APART + 1):
            assert creators[begin : begin + CREATOR_APART].count("star") <= 1
    # If there is nothing else, they come one after the other.
    assert len(rank(clips, Viewer(), NOW, 1)) == 8


def test_clips_and_replays_come_between_lives() -> None:
    items = [
        *_crowd(60),
        *(live(100 + number, kind="clip", stays=1, skips=90) for number in range(60)),
    ]
    pool = Pool(items, NOW)
    kinds = [found.item.kind for seed in range(60) for found in pool.rank(Viewer(), seed)]
    assert kinds.count("clip") / len(kinds) == pytest.approx(OTHER_SHARE, abs=0.06)


def test_few_lives_leave_room_for_clips() -> None:
    items = [live(0), *(live(100 + number, kind="clip") for number in range(20))]
    viewer = Viewer(shown={"live 0": Shown(NOW - 5)})
    kinds = [found.item.kind for found in rank(items, viewer, NOW, 1)]
    assert kinds.count("clip") >= 9


def test_new_lives_come_between_the_others() -> None:
    items = [*_crowd(50), *(live(100 + number, impressions=0, began=NOW) for number in range(10))]
    pool = Pool(items, NOW, swipes=30.0)
    shown = [found for seed in range(100) for found in pool.rank(Viewer(), seed)]
    new = [found for found in shown if found.reasons[0].code == "new"]
    assert len(new) / len(shown) == pytest.approx(1 / 3, abs=0.06)
    assert all(found.item.impressions == 0 for found in new)
    assert all(found.reasons[0].weight == WEIGHTS["new"] for found in new)
    seen = Viewer(shown={f"live {100 + number}": Shown(NOW - 9) for number in range(10)})
    assert all(found.reasons[0].code != "new" for found in pool.rank(seen, 1))


def _thousands() -> list[Candidate]:
    chance = Random(1)
    return [
        live(
            number,
            tags=(f"tag {number % 300}",),
            mood="loud" if number % 50 == 0 else "",
            stays=chance.randrange(30, 50),
            skips=chance.randrange(30, 50),
        )
        for number in range(2_500)
    ]


def test_among_thousands_the_own_items_are_found() -> None:
    items = _thousands()
    worst = min(items, key=lambda item: item.stays - item.skips)
    pool = Pool(items, NOW)
    order = pool.rank(Viewer(follows=frozenset({worst.creator})), 1)
    assert worst in [found.item for found in order]
    taste = Taste()
    for index in range(6):
        taste.watched(f"person {index}", [("tag 7", 1.0)], "", 300, NOW)
    order = pool.rank(Viewer(taste), 1)
    assert sum("tag 7" in found.item.tags for found in order) >= 3
    order = pool.rank(Viewer(mood="loud"), 1)
    assert sum(found.item.mood == "loud" for found in order) > 2


def test_a_person_who_follows_thousands_gets_an_answer() -> None:
    items = _thousands()
    viewer = Viewer(follows=frozenset(item.creator for item in items))
    assert len(Pool(items, NOW).rank(viewer, 1)) == 10


def test_no_number_stops_the_ranking() -> None:
    strange = [
        live(0, began=NOW + 1e9, impressions=0),
        live(1, began=-1e18, viewers=10**12, arrivals=10**12, reactors=10**12),
        live(2, stays=10**12, skips=0, impressions=10**12),
        live(3, stays=0, skips=10**12, impressions=10**12, answers=10**9),
        live(4, tags=tuple(f"tag {index}" for index in range(10_000))),
    ]
    viewer = Viewer(shown={"live 1": Shown(NOW + 1e9), "live 2": Shown(-1e18)})
    assert len(rank(strange, viewer, NOW, 1, swipes=0.0)) == 5


def test_who_has_just_skipped_gets_no_new_live() -> None:
    items = [*_crowd(50), *(live(100 + number, impressions=0, began=NOW) for number in range(10))]
    pool = Pool(items, NOW)

    def new(shown: Shown) -> int:
        viewer = Viewer(shown={"live 3": Shown(NOW - 500, True), "live 4": shown})
        ranked = [found for seed in range(20) for found in pool.rank(viewer, seed)]
        return sum(reason.code == "new" for found in ranked for reason in found.reasons)

    assert new(Shown(NOW - 1, skipped=True)) == 0
    assert new(Shown(NOW - 1)) > 20
    assert new(Shown(NOW - 300, skipped=True)) > 20


def test_items_that_were_seen_can_be_left_out() -> None:
    items = [live(number, stays=number, impressions=0) for number in range(40)]
    seen = [item.item for item in items[10:]]
    for seed in range(20):
        found = rank_without(items, seed, [*seen, "unknown"])
        assert sorted(found) == sorted(item.item for item in items[:10])
    assert rank_without(items, 1, []) != rank_without(items, 1, seen[-1:])


def test_many_seen_items_do_not_change_the_order_of_the_others() -> None:
    items = _crowd(500)
    best = [found.item.item for found in Pool(items, NOW).rank(Viewer(), 1, 330)]
    ranked = Pool(items, NOW).rank(Viewer(), 1, 30, best[:300])
    assert [found.item.item for found in ranked] == best[300:]


def rank_without(items: list[Candidate], seed: int, without: list[str]) -> list[str]:
    ranked = Pool(items, NOW).rank(Viewer(), seed, len(items), without)
    return [found.item.item for found in ranked]
