"""Who is mentioned."""

import pytest

from server.people.person import Person
from server.social import mentions
from server.social.mentions import MAX_MENTIONS, KnownNames

NAMES = KnownNames()
for number, (name, handle) in enumerate(
    [("민지", "minji"), ("Sunny Fox", None), ("Sunny", None), ("Ana", "ana.b")]
):
    NAMES.add(Person(f"p-{number}", name, 0, handle))


def test_mentions_by_name_and_by_handle() -> None:
    assert NAMES.find("hi @minji and @Ana!") == ("p-0", "p-3")
    assert NAMES.find("@ANA.B @minji @MINJI") == ("p-3", "p-0")
    assert NAMES.find("no one, a@b, @nobody, @") == ()


def test_the_longest_name_counts() -> None:
    """Names have spaces, and particles follow names."""
    assert NAMES.find("@Sunny Fox wins") == ("p-1",)
    assert NAMES.find("@Sunny wins") == ("p-2",)
    assert NAMES.find("@민지야 안녕") == ("p-0",)


def test_mentions_and_names_are_limited() -> None:
    known = KnownNames()
    for number in range(mentions.MAX_NAMES + 5):
        known.add(Person(f"p-{number}", f"name{number:05}", 0))
    assert len(known._people) == mentions.MAX_NAMES
    assert known.find("@name00000") == () and known.find("@name00007") == ("p-7",)
    text = " ".join(f"@name{number:05}" for number in range(100, 120))
    assert known.find(text) == tuple(f"p-{100 + number}" for number in range(MAX_MENTIONS))


def test_the_work_for_one_message_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """The texts have many `@`, and a character that becomes 18 characters in the key of a name."""
    sizes: list[int] = []
    key = mentions._key

    def counted(name: str) -> str:
        sizes.append(len(name))
        return key(name)

    monkeypatch.setattr(mentions, "_key", counted)
    assert NAMES.find("@\ufdfa" * 150) == ()
    assert len(sizes) <= mentions.MAX_TRIED and max(sizes) <= mentions.MAX_NAME


def test_forgotten_people_are_not_mentioned() -> None:
    known = KnownNames()
    known.add(Person("p-1", "민지", 0, "minji"))
    known.add(Person("p-2", "Ana", 0))
    known.forget("p-1")
    assert known.find("@minji @민지 @Ana") == ("p-2",)
