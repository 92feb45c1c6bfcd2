"""What counts as a link."""

import pytest

from server.social.links import has_link


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org",
        "see HTTP://example.org/x",
        "example.org",
        "www.example.org now",
        "go to t.me/abc",
        "ｅｘａｍｐｌｅ．ｏｒｇ",
        "example。com",
        "한국.kr",
        "tg://join",
    ],
)
def test_links(text: str) -> None:
    assert has_link(text)


@pytest.mark.parametrize(
    "text", ["", "wait...", "3.5 euros", "no. yes", "me@example.org", "a.b", "12:30", "1.2.3.4"]
)
def test_no_links(text: str) -> None:
    assert not has_link(text)
