"""The settings of a room as JSON."""

import json

import pytest

from server.social.chat_settings import ChatSettings
from server.social.network_hash import Salt
from server.social.room_settings import RoomSettings, read_room_settings
from server.social.shield import Shield, ShieldEvent

NOW = 1_790_000_000.0


def test_settings_survive_a_restart() -> None:
    settings = RoomSettings(
        ChatSettings(slow=5, links=True),
        Shield().after(ShieldEvent.RAISE, NOW),
        Salt(bytes(range(16)), NOW),
    )
    assert read_room_settings(settings.to_json()) == settings


def test_a_room_without_choices_stores_nothing() -> None:
    assert RoomSettings().to_json() == "{}"
    assert read_room_settings("{}") == RoomSettings()


@pytest.mark.parametrize(
    "values",
    [
        "",
        "[]",
        "null",
        "[" * 5_000,
        json.dumps({"shield_until": "soon", "salt": "zz", "salt_made_at": NOW}),
        json.dumps({"salt": "00", "salt_made_at": 1}),
        json.dumps({"slow": True}),
    ],
)
def test_malformed_settings(values: str) -> None:
    assert read_room_settings(values) == RoomSettings()
