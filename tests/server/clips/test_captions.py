"""The rules for captions, and the text track."""

import pytest

from server.clips.captions import MAX_LENGTH, MAX_LINES, read_caption, text_track


def test_a_caption_is_a_few_clean_lines() -> None:
    assert read_caption("  One \u2028\x00two\t three\r\n\n ") == "One\ntwo three"
    assert read_caption("a\u202eb 👨‍👩‍👧") == "ab 👨‍👩‍👧"
    assert read_caption("") == ""


@pytest.mark.parametrize(
    "text", ["x" * (MAX_LENGTH + 1), "x\n" * (MAX_LINES + 1), " " * 5_000 + "x"]
)
def test_a_caption_has_bounds(text: str) -> None:
    with pytest.raises(ValueError, match="at most"):
        read_caption(text)


def test_the_lines_follow_each_other_to_the_end_of_the_clip() -> None:
    track = text_track("0123456789\n0123456789 0123456789\n안녕 & <i>-->", 65_432_000)
    assert track.splitlines()[:1] == ["WEBVTT"]
    times = [line for line in track.splitlines() if "-->" in line]
    starts, ends = zip(*(line.split(" --> ") for line in times), strict=True)
    assert starts[0] == "00:00.000" and ends[-1] == "01:05.432"
    assert starts[1:] == ends[:-1] and sorted(ends) == list(ends)
    assert track.endswith("\n안녕 &amp; &lt;i&gt;--&gt;\n")
