"""The deletion of a person and its undo."""

import pytest

from server.people.leaving import Account, account, time_of_deletion


@pytest.mark.parametrize(
    ("delete_at", "now", "state"),
    [
        (None, 100.0, Account.ACTIVE),
        (200.0, 100.0, Account.LEAVING),
        (200.0, 199.9, Account.LEAVING),
        (200.0, 200.0, Account.DELETED),
        (200.0, 300.0, Account.DELETED),
    ],
)
def test_states(delete_at: float | None, now: float, state: Account) -> None:
    assert account(delete_at, now) is state


def test_a_second_request_postpones_nothing() -> None:
    assert time_of_deletion(None, 100, 50) == 150
    assert time_of_deletion(150, 120, 50) == 150
