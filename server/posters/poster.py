"""A poster, and the posters that are kept. Pure."""

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Poster:
    """A picture of a live in two formats, and a small one. `version` grows with each new poster of
    the live.
    """

    jpeg: bytes
    webp: bytes
    preview: bytes
    """The picture, small, as WebP (picture_messages.MAX_PREVIEW)."""
    width: int
    height: int
    version: int

    @property
    def size(self) -> int:
        return len(self.jpeg) + len(self.webp) + len(self.preview)


class PosterShelf:
    """Posters by room. The poster that was put first is dropped first."""

    def __init__(self, most: int, most_bytes: int) -> None:
        """`most` and `most_bytes`: maximum number and total size of the posters that are kept."""
        self._most = most
        self._most_bytes = most_bytes
        self._posters: OrderedDict[str, Poster] = OrderedDict()
        self._bytes = 0

    @property
    def bytes(self) -> int:
        return self._bytes

    def find(self, room: str) -> Poster | None:
        return self._posters.get(room)

    def put(self, room: str, poster: Poster) -> None:
        self.drop(room)
        self._posters[room] = poster
        self._bytes += poster.size
        while len(self._posters) > self._most or self._bytes > self._most_bytes:
            self.drop(next(iter(self._posters)))

    def drop(self, room: str) -> None:
        dropped = self._posters.pop(room, None)
        if dropped:
            self._bytes -= dropped.size


def jpeg_size(data: bytes) -> tuple[int, int]:
    """Returns the width and height of a JPEG file (ITU-T T.81 §B.2.2). Raises ValueError."""
    at = 2
    while len(data) >= at + 9:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at] != 0xFF or length < 2:
            break
        if marker in (0xC0, 0xC1, 0xC2):
            height = int.from_bytes(data[at + 5 : at + 7], "big")
            return int.from_bytes(data[at + 7 : at + 9], "big"), height
        at += 2 + length
    raise ValueError("not a JPEG file")
