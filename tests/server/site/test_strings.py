"""The texts of the pages: the reader's language, values, and the JSON in a page."""

import json

import pytest

from server.site.strings import Strings, language_of

KOREAN = Strings(
    "ko", {"room": {"joined": "{name:이가} 들어왔어요", "count": {"other": "{count}명"}}}
)


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        (None, "", "en"),
        (None, "ko-KR,ko;q=0.9,en-US;q=0.8", "ko"),
        (None, "de, ko;q=0.5, en;q=0.4", "ko"),
        (None, "en;q=0.4, ko;q=0.5", "ko"),
        (None, "ko;q=0", "en"),
        (None, "fr", "en"),
        (None, ";;;q=,=,ko;q=9", "en"),
        (None, "x" * 10_000 + ",ko", "en"),
        ("en", "ko", "en"),
        ("ko", "en", "ko"),
        ("../ko", "en", "en"),
    ],
)
def test_the_chosen_language_comes_before_the_browsers(
    cookie: str | None, accepted: str, language: str
) -> None:
    assert language_of(cookie, accepted) == language


def test_values_get_particles_and_plurals() -> None:
    assert KOREAN.t("room.joined", name="지훈") == "지훈이 들어왔어요"
    assert KOREAN.t("room.count", count=1) == "1명"
    english = Strings("en", {"count": {"one": "{count} person", "other": "{count} people"}})
    assert [english.t("count", count=n) for n in (1, 2)] == ["1 person", "2 people"]


@pytest.mark.parametrize("key", ["room.other", "room", "room.joined.more", ""])
def test_an_unknown_key_is_an_error(key: str) -> None:
    with pytest.raises(KeyError):
        KOREAN.t(key)
    assert not KOREAN.has(key) or key == "room"


def test_the_json_cannot_end_its_script_element() -> None:
    hostile = Strings("en", {"a": {"b": "</script><!--"}, "c": {}})
    script = hostile.script(("a",))
    assert "<" not in script
    assert json.loads(script) == {"a": {"b": "</script><!--"}}
