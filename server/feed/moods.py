"""The moods of lives and clips, from their tags (moods.toml)."""

import tomllib
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from unicodedata import normalize

MOODS = ("calm", "loud", "funny", "learn", "create")
_FILE = Path(__file__).with_name("moods.toml")


def mood_of(tags: Iterable[str]) -> str:
    """Returns the mood of an item with these tags; empty if no tag has a mood."""
    known = tag_moods()
    counts = Counter(mood for tag in tags if (mood := known.get(tag)))
    return max(counts, key=lambda mood: (counts[mood], -MOODS.index(mood)), default="")


@cache
def tag_moods() -> dict[str, str]:
    """Returns the mood of each tag in moods.toml."""
    table = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {
        normalize("NFKC", tag).casefold(): mood for mood in reversed(MOODS) for tag in table[mood]
    }
