"""RANKING.md says what the ranking does."""

import re
from pathlib import Path

from server.feed import (
    common,
    exploration,
    personal,
    ranking,
    reasons,
    report_weights,
    taste,
    witnesses,
)

TEXT = Path(ranking.__file__).with_name("RANKING.md").read_text(encoding="utf-8")


def _rows(heading: str) -> list[list[str]]:
    """Returns the cells of the table under a heading, without the head of the table."""
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_each_reason_has_its_points() -> None:
    rows = {row[0].strip("`"): float(row[1]) for row in _rows("What gives points")}
    assert rows == reasons.WEIGHTS
    assert all(len(row) == 3 and row[2].endswith(".") for row in _rows("What gives points"))


def test_each_rule_has_its_number() -> None:
    numbers = []
    for _, number in _rows("Rules besides points"):
        over, _, under = number.partition("/")
        numbers.append(float(over) / float(under or 1))
    assert numbers == [
        exploration.FIRST,
        exploration.SWIPES_PER_LIVE,
        exploration.SCARCE_SHARE,
        ranking.OTHER_SHARE,
        ranking.CREATOR_APART,
        personal.SEEN_SECONDS / 60,
        taste.HALF_LIFE / 86_400,
        taste.SKIP,
        taste.STAY,
        witnesses.PER_NETWORK,
        common.BEST_SHARE,
        witnesses.CREATORS,
    ]


def test_reports_and_hides_count_as_it_says() -> None:
    found = re.search(r"counts like (\d+) skips, a hide like (\d+), for\s(\d+) days", TEXT)
    hide, days = report_weights.SKIPS * report_weights.HIDE, report_weights.WITHIN / 86_400
    assert found and tuple(map(float, found.groups())) == (report_weights.SKIPS, hide, days)


def test_the_bounds_of_a_taste_are_true() -> None:
    found = re.search(r"At most (\d+) tags and (\d+) creators", TEXT)
    assert found and tuple(map(int, found.groups())) == (taste.MAX_TAGS, taste.MAX_CREATORS)


def test_the_reasons_in_the_text_exist() -> None:
    assert set(re.findall(r"`(\w+)`", TEXT)) == reasons.REASONS
