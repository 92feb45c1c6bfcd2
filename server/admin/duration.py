"""Durations in arguments, such as `6h`."""

import re

import typer

UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
"""Seconds in each unit of a duration."""


def parse_duration(text: str) -> float:
    """Returns the seconds of a duration such as `90s`, `10m`, `6h` or `7d`. Raises
    typer.BadParameter.
    """
    found = re.fullmatch(r"(\d{1,9})([smhd])", text)
    if found is None or int(found[1]) == 0:
        raise typer.BadParameter(f"{text!r} is not a duration such as 90s, 10m, 6h or 7d")
    return float(int(found[1]) * UNITS[found[2]])
