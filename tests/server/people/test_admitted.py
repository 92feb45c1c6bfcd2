"""The admissions that a server remembers."""

import pytest

from server.people import admitted
from server.people.admitted import ADMITTED_FOR, Admitted
from server.people.person import Person

DARK = Person("p", "Dark", 3)


def test_an_admission_holds_for_a_moment() -> None:
    people = Admitted()
    assert people.find("d", "p", 10.0) is None
    people.keep("d", DARK, 10.0)
    assert people.find("d", "p", 10.0 + ADMITTED_FOR - 0.1) == DARK
    assert people.find("d", "p", 10.0 + ADMITTED_FOR) is None
    assert people.find("d", "other", 10.0) is None and people.find("e", "p", 10.0) is None
    people.forget("d")
    assert people.find("d", "p", 10.0) is None


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admitted, "MAX_ADMITTED", 2)
    people = Admitted()
    for device in ("a", "b", "a", "c"):
        people.keep(device, DARK, 1.0)
    assert len(people) == 2 and people.find("b", "p", 1.0) is None
    assert people.find("a", "p", 1.0) and people.find("c", "p", 1.0)
