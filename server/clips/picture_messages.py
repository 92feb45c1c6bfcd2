"""The messages between the server and a picture process. Pure.

The server sends requests. A request consists of a REQUEST header, the `avcC` of the video, and a
SIZE header and the access unit for each keyframe. The process sends one answer to each request. An
answer consists of an ANSWER header, then the poster as JPEG, the poster as WebP, the preview as
WebP, and the filmstrip as JPEG. If no keyframe can be decoded, all sizes in the header are 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct

from relay.errors import BitstreamError

REQUEST = Struct("!HHHB")
"""Header of a request: size of `avcC` in bytes, number of keyframes, index of the keyframe for the
poster, whether the answer has a filmstrip.
"""
SIZE = Struct("!I")
ANSWER = Struct("!IIIIHH")
"""Header of an answer: sizes of the four files in bytes; width and height of a tile of the
filmstrip in pixels.
"""

MAX_KEYFRAMES = 24
"""Maximum number of keyframes in a request."""
MAX_FILE = 4 << 20
"""Maximum size of a file in an answer, bytes."""
POSTER_SIDE = 1_280
"""Maximum width and height of a poster, pixels."""
MAX_PREVIEW = 20_000
"""Maximum size of a preview, bytes: what a viewer who saves data loads of an item."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of one answer. A file that was not requested is empty."""

    poster_jpeg: bytes
    poster_webp: bytes
    preview: bytes
    """A small poster as WebP, at most MAX_PREVIEW bytes."""
    filmstrip: bytes
    """A row of tiles as JPEG, one for each keyframe in the request."""
    tile_width: int
    tile_height: int


def fitting(width: int, height: int, max_width: int, max_height: int) -> tuple[int, int]:
    """Returns the largest even size with the shape of a picture that is within the bounds and no
    larger than the picture.
    """
    share = min(1.0, max_width / width, max_height / height)
    return max(2, int(width * share) & ~1), max(2, int(height * share) & ~1)


def request(config: bytes, keyframes: Sequence[bytes], poster: int, filmstrip: bool) -> bytes:
    """Returns a request for at most MAX_KEYFRAMES keyframes. `config`: body of `avcC`. `poster`:
    index of the keyframe for the poster.
    """
    parts = [REQUEST.pack(len(config), len(keyframes), poster, filmstrip), config]
    for data in keyframes:
        parts += (SIZE.pack(len(data)), data)
    return b"".join(parts)


def answer(pictures: Pictures) -> bytes:
    files = (pictures.poster_jpeg, pictures.poster_webp, pictures.preview, pictures.filmstrip)
    head = ANSWER.pack(*map(len, files), pictures.tile_width, pictures.tile_height)
    return head + b"".join(files)


def sizes(head: bytes) -> tuple[int, int, int, int]:
    """Returns the sizes of the files that follow the header of an answer. Raises BitstreamError."""
    jpeg, webp, preview, filmstrip, _, _ = ANSWER.unpack(head)
    if max(jpeg, webp, preview, filmstrip) > MAX_FILE:
        raise BitstreamError("the answer has too many bytes")
    return jpeg, webp, preview, filmstrip
