"""Names of devices from the User-Agent headers that browsers send."""

import pytest

from server.people.device_label import device_label

LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"


@pytest.mark.parametrize(
    ("header", "label"),
    [
        (f"{LINUX} Chrome/142.0.0.0 Safari/537.36", "Chrome · Linux"),
        (f"{LINUX} Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0", "Edge · Linux"),
        (f"{ANDROID} Chrome/142.0.0.0 Mobile Safari/537.36", "Chrome · Android"),
        (
            f"{ANDROID} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            "Samsung Internet · Android",
        ),
        (f"{IPHONE} Version/18.5 Mobile/15E148 Safari/604.1", "Safari · iPhone"),
        (f"{IPHONE} CriOS/142.0 Mobile/15E148 Safari/604.1", "Chrome · iPhone"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
            "Firefox · Windows",
        ),
        ("curl/8.5.0", ""),
        ("", ""),
        ("x" * 1_000 + "Firefox/145.0", ""),
    ],
)
def test_labels(header: str, label: str) -> None:
    assert device_label(header) == label
