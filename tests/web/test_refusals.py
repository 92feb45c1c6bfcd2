"""The page has words for every refusal."""

import re

from relay.errors import RefusalCode
from server import WEB


def test_every_code_has_words() -> None:
    table = (WEB / "js/page/refusals.js").read_text()
    worded = set(re.findall(r"^  (\w+): '.+',$", table, re.MULTILINE))
    assert worded == set(RefusalCode)
