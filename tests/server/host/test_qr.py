"""QR codes: their form, and which of them are kept."""

from xml.etree import ElementTree

import pytest
import segno

from server.host import qr
from server.host.qr import QrCodes, qr_svg, qr_terminal

URL = "https://192.168.1.2:8443/live"


def test_a_code_in_a_terminal() -> None:
    lines = qr_terminal(URL).splitlines()
    assert len({len(line) for line in lines}) == 1 and len(lines) <= 20
    assert set("".join(lines)) <= set("█▀▄ ")


def test_a_code_as_svg() -> None:
    """It scales, contains no script, and has the quiet zone of ISO/IEC 18004 §6.3.8."""
    svg = qr_svg(URL)
    assert svg.startswith(b"<?xml") and b"viewBox" in svg and b"<script" not in svg
    box = ElementTree.fromstring(svg).attrib["viewBox"]
    size = segno.make_qr(URL, error="m").symbol_size(border=4)[0]
    assert box == f"0 0 {size} {size}"


def test_codes_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The codes that were requested last are kept."""
    monkeypatch.setattr(qr, "KEPT", 2)
    codes = QrCodes()
    assert codes.find("a") is None
    made = codes.make("a")
    codes.make("b")
    assert codes.find("a") is made
    codes.make("c")
    assert [text for text in "abc" if codes.find(text)] == ["a", "c"]
