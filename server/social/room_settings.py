"""The settings of a room that survive a restart of the server, as JSON. Pure."""

import json
from dataclasses import dataclass, field
from typing import Any

from server.social.chat_settings import ChatSettings, restored, stored
from server.social.network_hash import Salt
from server.social.shield import Shield, ShieldState


@dataclass(frozen=True, slots=True)
class RoomSettings:
    chat: ChatSettings = field(default_factory=ChatSettings)
    """The settings that the creator has chosen, without the shield."""
    shield: Shield = field(default_factory=Shield)
    salt: Salt | None = None
    """The salt of the hashes of networks; None if no network is banned."""

    def to_json(self) -> str:
        values: dict[str, Any] = stored(self.chat)
        if self.shield.state is ShieldState.UP:
            values["shield_until"] = self.shield.until
        if self.salt is not None:
            values["salt"] = self.salt.value.hex()
            values["salt_made_at"] = self.salt.made_at
        return json.dumps(values, separators=(",", ":"))


def read_room_settings(text: str) -> RoomSettings:
    """Reads stored settings. Ignores values that are malformed or unknown to this version."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return RoomSettings()
    if not isinstance(values, dict):
        return RoomSettings()
    return RoomSettings(restored(values), _shield(values), _salt(values))


def _shield(values: dict[str, Any]) -> Shield:
    until = values.get("shield_until")
    return Shield(ShieldState.UP, until) if isinstance(until, float) else Shield()


def _salt(values: dict[str, Any]) -> Salt | None:
    match values:
        case {"salt": str(value), "salt_made_at": float(made_at)}:
            try:
                return Salt(bytes.fromhex(value), made_at)
            except ValueError:
                return None
    return None
