"""One line of text."""

import pytest

from server.social.line import one_line


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("  Tea \n or\tcoffee? ", "Tea or coffee?"),
        ("\u202eeert\u202c", "eert"),
        ("e\u0301", "\u00e9"),
        ("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧"),
        ("\0\x07\u2028", ""),
    ],
)
def test_one_line(typed: str, line: str) -> None:
    assert one_line(typed) == line
