"""Durations in the arguments of the operator's commands."""

import pytest
import typer

from server.admin.duration import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("6h", 21_600), ("7d", 604_800)]
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "-1m", "1.5h", "0s", "1w", "9999999999s"])
def test_texts_that_are_no_duration(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        parse_duration(text)
