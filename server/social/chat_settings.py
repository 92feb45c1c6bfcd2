"""The settings of the chat and of clips that the creator chooses, and the settings in force while
the shield is up. Pure.
"""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from server.social.shield import Shield

CLIPS = ("allowed", "approve", "off")
"""Who may make clips of the live. `allowed`: everyone. `approve`: everyone, but others see a clip
only after the creator has approved the clip. `off`: only the creator.
"""
MAX_SLOW = 300
"""Maximum seconds between two messages of a person in slow mode."""
SHIELD_SLOW = 10
"""Minimum seconds between two messages of a person while the shield is up."""


@dataclass(frozen=True, slots=True)
class ChatSettings:
    chat: bool = True
    """Whether guests and known people may write."""
    slow: int = 0
    """Seconds between two messages of a person; 0: slow mode is off."""
    followers_only: bool = False
    known_only: bool = False
    """Whether only people who are known to the creator may write. Only the shield turns this on."""
    links: bool = False
    """Whether links in messages can be tapped. Otherwise pages show links as plain text."""
    joins: bool = True
    """Whether pages show who joined."""
    clips: str = "allowed"
    """Who may make clips: one of CLIPS."""
    auto_highlights: bool = False
    """Whether the best moments of the live are published as clips when the live ends."""

    def under(self, shield: Shield, now: float) -> "ChatSettings":
        """Returns the settings in force at `now`. While the shield is up, the settings in force are
        stricter than the chosen settings, which stay unchanged.
        """
        if not shield.is_up(now):
            return self
        return replace(
            self, known_only=True, slow=max(self.slow, SHIELD_SLOW), links=False, joins=False
        )


@dataclass(frozen=True, slots=True)
class ShieldDescription:
    on: bool
    until: int | None
    """Time at which the shield is lowered, ms since the Unix epoch; None while the shield is down.
    """


@dataclass(frozen=True, slots=True)
class SettingsDescription:
    """The settings in force at one moment, as server/API.md describes them."""

    chat: bool
    slow: int
    followers_only: bool
    known_only: bool
    links: bool
    joins: bool
    clips: str
    auto_highlights: bool
    shield: ShieldDescription

    def event(self) -> dict[str, Any]:
        """Returns the event `chat_settings`."""
        return {"type": "chat_settings", **asdict(self)}


def describe(settings: ChatSettings, shield: Shield, now: float) -> SettingsDescription:
    """Returns the settings in force at `now`."""
    up = shield.is_up(now)
    return SettingsDescription(
        **asdict(settings.under(shield, now)),
        shield=ShieldDescription(up, round(shield.until * 1_000) if up else None),
    )


def stored(settings: ChatSettings) -> dict[str, Any]:
    """Returns the settings that differ from the default, for storage."""
    return {
        field.name: getattr(settings, field.name)
        for field in fields(ChatSettings)
        if getattr(settings, field.name) != field.default
    }


def restored(values: dict[str, Any]) -> ChatSettings:
    """Returns stored settings. Ignores values that this version does not know."""
    known = {
        field.name: values[field.name]
        for field in fields(ChatSettings)
        if type(values.get(field.name)) is type(field.default)
    }
    if known.get("clips") not in (None, *CLIPS):
        del known["clips"]
    return ChatSettings(**known)
