"""The settings of chat, with and without the shield."""

from server.social.chat_settings import (
    ChatSettings,
    ShieldDescription,
    describe,
    restored,
    stored,
)
from server.social.shield import Shield, ShieldEvent

NOW = 1_000.0
UP = Shield().after(ShieldEvent.RAISE, NOW)
CHOSEN = ChatSettings(slow=3, links=True, followers_only=True)


def test_the_shield_overrides_and_then_gives_back_the_settings() -> None:
    during = CHOSEN.under(UP, NOW)
    assert during == ChatSettings(
        slow=10, followers_only=True, known_only=True, links=False, joins=False
    )
    assert CHOSEN.under(UP, UP.until) == CHOSEN
    assert CHOSEN.under(UP.after(ShieldEvent.LOWER, NOW), NOW) == CHOSEN


def test_the_shield_never_shortens_slow_mode() -> None:
    assert ChatSettings(slow=60).under(UP, NOW).slow == 60


def test_the_event_says_what_holds_and_until_when() -> None:
    event = describe(CHOSEN, UP, NOW).event()
    assert event["type"] == "chat_settings"
    assert (event["known_only"], event["slow"], event["auto_highlights"]) == (True, 10, False)
    assert event["shield"] == {"on": True, "until": 1_600_000}
    assert describe(CHOSEN, Shield(), NOW).shield == ShieldDescription(False, None)


def test_only_what_differs_from_the_default_is_stored() -> None:
    assert stored(ChatSettings()) == {}
    assert stored(CHOSEN) == {"slow": 3, "links": True, "followers_only": True}
    assert restored(stored(CHOSEN)) == CHOSEN
    consent = ChatSettings(auto_highlights=True)
    assert stored(consent) == {"auto_highlights": True} and restored(stored(consent)) == consent


def test_stored_values_that_this_version_does_not_know_are_ignored() -> None:
    assert restored({"slow": "3", "colour": 1, "chat": False, "joins": 0}) == ChatSettings(
        chat=False
    )
