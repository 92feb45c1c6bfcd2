"""Constants of SELECT statements that are the same in each execution."""

from typing import Any

import sqlalchemy as sa


def text(value: str) -> Any:
    """Returns a constant of the code, which needs no quoting."""
    return sa.literal_column(f"'{value}'", sa.Text)
