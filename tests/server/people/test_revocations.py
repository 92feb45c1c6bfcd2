"""The signed-out devices that a server remembers."""

import pytest

from server.people import revocations
from server.people.revocations import Revocations


def test_the_newest_sign_outs_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocations, "MAX_DEVICES", 2)
    known = Revocations()
    for device in ("a", "b", "a", "c"):
        known.add(device)
    assert "a" in known and "c" in known and "b" not in known and len(known) == 2
