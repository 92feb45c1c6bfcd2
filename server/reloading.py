"""Applies changed settings while the server runs."""

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from server.settings import Settings, SettingsError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reloadable:
    """A part of the server whose settings can change while it runs."""

    settings: Collection[str]
    """Names of these settings."""
    apply: Callable[[Settings], bool]
    """Makes the part follow these settings. Returns False, and changes nothing, if the part cannot
    follow them. Raises SettingsError if they are invalid.
    """


class Reloading:
    """Reads the settings again, applies those that can change while the server runs, and names
    those that cannot.
    """

    def __init__(self, settings: Settings, parts: Sequence[Reloadable]) -> None:
        """`settings`: the settings in force."""
        self.settings = settings
        self._parts = parts

    def run(self, load: Callable[[], Settings]) -> None:
        """Reads the settings with `load`. If one of them is invalid, changes nothing."""
        try:
            wanted = load()
            changed = changes(self.settings, wanted)
            applied = self._apply(wanted, changed)
        except SettingsError as error:
            logger.error("the settings stay as they are: %s", "; ".join(error.problems))
            return
        logger.info("settings were read again; changed: %s", ", ".join(applied) or "none")
        if fixed := [name for name in changed if name not in applied]:
            logger.warning("only a restart can change these settings: %s", ", ".join(fixed))

    def _apply(self, wanted: Settings, changed: Collection[str]) -> list[str]:
        """Applies the settings to all parts. Returns the names of the settings that were changed
        and applied.
        """
        applied: list[str] = []
        for part in self._parts:
            # Also without a changed setting: a file may have another content.
            if part.apply(wanted):
                applied += [name for name in part.settings if name in changed]
        values = {name: getattr(wanted, name) for name in applied}
        self.settings = self.settings.model_copy(update=values)
        return sorted(applied)


def changes(before: Settings, after: Settings) -> list[str]:
    """Returns the names of the settings that differ."""
    return [name for name in Settings.model_fields if getattr(before, name) != getattr(after, name)]
