"""What the server accepts, in each of its states."""

from collections.abc import Callable

import pytest

from relay.errors import Refusal
from server.rooms.accepting import Acceptance, Accepts


def accepted(acceptance: Acceptance) -> list[bool]:
    """For viewers, creators who return, and new creators."""
    return [
        _passes(acceptance.require_open),
        _passes(lambda: acceptance.require_publisher(on_air=True)),
        _passes(lambda: acceptance.require_publisher(on_air=False)),
    ]


def _passes(check: Callable[[], None]) -> bool:
    try:
        check()
    except Refusal:
        return False
    return True


@pytest.mark.parametrize(
    ("accepts", "expected"),
    [
        (Accepts.OPEN, [True, True, True]),
        (Accepts.DRAINING, [True, True, False]),
        (Accepts.MOVING, [True, False, False]),
        (Accepts.REFUSING, [False, False, False]),
    ],
)
def test_who_is_accepted(accepts: Accepts, expected: list[bool]) -> None:
    acceptance = Acceptance()
    acceptance.accepts = accepts
    assert accepted(acceptance) == expected
    assert acceptance.draining == (not expected[2])


def test_a_server_that_refuses_viewers_does_not_accept_them_again() -> None:
    acceptance = Acceptance()
    acceptance.drain(moving=True)
    acceptance.drain(moving=False)
    assert acceptance.accepts is Accepts.DRAINING
    acceptance.refuse()
    acceptance.drain(moving=True)
    assert acceptance.refusing
