"""The HLS player of the page keeps the distance that the server asks for."""

import re
from pathlib import Path

from relay.hls.playlist import HOLD_BACK
from relay.hls.segmenter import SCALE

LIVE_SYNC = Path(__file__).parents[2] / "web" / "js" / "watch" / "hls" / "live_sync.js"


def test_the_page_knows_the_hold_back_of_the_playlist() -> None:
    found = re.search(r"HOLD_BACK = ([\d.]+);", LIVE_SYNC.read_text())
    assert found and float(found[1]) == HOLD_BACK / SCALE
