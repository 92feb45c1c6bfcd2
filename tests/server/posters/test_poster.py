"""The posters that are kept, and the size of a JPEG file."""

from io import BytesIO

import pytest
from PIL import Image

from server.posters.poster import Poster, PosterShelf, jpeg_size


def poster(size: int = 10, version: int = 1) -> Poster:
    return Poster(b"j" * size, b"w", b"", 9, 16, version)


def test_the_latest_poster_of_a_room_is_kept() -> None:
    shelf = PosterShelf(3, 100)
    assert shelf.find("a") is None
    shelf.put("a", poster(10))
    shelf.put("a", poster(20, version=2))
    found = shelf.find("a")
    assert found is not None and found.version == 2 and shelf.bytes == 21
    shelf.drop("a")
    shelf.drop("a")
    assert shelf.find("a") is None and shelf.bytes == 0


def test_the_posters_are_bounded() -> None:
    """Number and size of the posters are bounded. The posters that were put first are dropped
    first.
    """
    shelf = PosterShelf(3, 100)
    for room in ("a", "b", "c"):
        shelf.put(room, poster())
    shelf.put("a", poster())
    shelf.put("d", poster())
    assert [room for room in "abcd" if shelf.find(room)] == ["a", "c", "d"]
    shelf.put("e", poster(80))
    assert [room for room in "acde" if shelf.find(room)] == ["d", "e"]
    shelf.put("f", poster(200))
    assert shelf.find("f") is None and shelf.bytes == 0


@pytest.mark.parametrize("progressive", [False, True])
def test_the_size_of_a_picture(progressive: bool) -> None:
    file = BytesIO()
    Image.new("RGB", (720, 1280), (200, 30, 60)).save(file, "JPEG", progressive=progressive)
    assert jpeg_size(file.getvalue()) == (720, 1280)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xd8", b"\xff\xd8\xff\xe0\0\0" * 9, b"RIFF" * 20, b"\xff\xd8\xff\xe0\xff\xff"],
)
def test_what_is_not_a_picture(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a JPEG"):
        jpeg_size(data)
