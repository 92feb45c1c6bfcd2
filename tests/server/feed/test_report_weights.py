"""How much reports count."""

from server.feed.report_weights import HIDE, SKIPS, report_weights, skips_for


def test_a_person_who_reports_everything_weighs_little() -> None:
    everything = [(f"room:{number}", "p-angry") for number in range(100)]
    weights = report_weights([*everything, ("room:7", "p-1"), ("room:7", "p-2"), ("p-3", "p-2")])
    assert round(weights["room:7"], 3) == 1 + 0.5 + 0.01
    assert weights["room:8"] == 0.01
    assert skips_for(weights, "room:8") == 0
    assert skips_for(weights, "room:7", "p-3") == round(SKIPS * 2.01)
    assert skips_for(weights, "p-unknown") == 0


def test_reports_of_one_person_about_one_target_count_once() -> None:
    assert report_weights([("p-2", "p-1")] * 10) == {"p-2": 1.0}
    assert report_weights([]) == {}


def test_a_hide_counts_less_than_a_report() -> None:
    hides = [("p-2", "p-1"), ("p-3", "p-1"), ("p-2", "p-4")]
    assert report_weights([("p-2", "p-1")], hides) == {"p-2": 0.5 + HIDE, "p-3": HIDE / 2}
    assert skips_for(report_weights([], hides[2:]), "p-2") == 3
