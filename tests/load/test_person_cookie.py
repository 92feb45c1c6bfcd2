"""Which cookie of an answer says who a person is."""

from http.cookies import SimpleCookie

import pytest

from scripts.loadgen.person_cookie import cookie_of


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("microlive-0a1b2c3d=1.x.y; Path=/", "microlive-0a1b2c3d=1.x.y"),
        ("microlive-language=ko; Path=/", ""),
        ("microlive=; Max-Age=0", ""),
        ("", ""),
    ],
)
def test_the_cookie_of_a_person(answer: str, kept: str) -> None:
    assert cookie_of(SimpleCookie(answer)) == kept
