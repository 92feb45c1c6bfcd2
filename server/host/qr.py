"""QR codes."""

import io

import segno

KEPT = 1_000
"""Number of SVG documents that are kept; each has 2 to 7 KB."""
MASK = 2
"""The data mask of SVG codes (ISO/IEC 18004 §7.8). Readers accept every mask. A search for the
best mask would make the creation of a code take three times as long.
"""


class QrCodes:
    """Makes QR codes as SVG documents, and keeps the documents that were requested last."""

    def __init__(self) -> None:
        self._made: dict[str, bytes] = {}
        """SVG documents by text. The least recently used document is first."""

    def find(self, text: str) -> bytes | None:
        """Returns the QR code of a text if it is kept."""
        svg = self._made.pop(text, None)
        if svg is not None:
            self._made[text] = svg
        return svg

    def make(self, text: str) -> bytes:
        """Makes the QR code of a text, and keeps it."""
        if len(self._made) >= KEPT:
            del self._made[next(iter(self._made))]
        made = self._made[text] = qr_svg(text)
        return made


def qr_svg(text: str) -> bytes:
    """Returns a QR code as an SVG document that scales with its container."""
    out = io.BytesIO()
    code = segno.make_qr(text, error="m", mask=MASK)
    code.save(out, kind="svg", border=4, light="#fff", omitsize=True)
    return out.getvalue()


def qr_terminal(text: str) -> str:
    """Returns a QR code of half-block characters, with its quiet zone. Every line ends with a
    newline.
    """
    out = io.StringIO()
    segno.make_qr(text, error="l").terminal(out, border=2, compact=True)
    return out.getvalue()
