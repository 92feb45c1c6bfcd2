"""Names a device for its owner: `Chrome · Android`. Pure."""

BROWSERS = (
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Whale/", "Whale"),
    ("KAKAOTALK", "KakaoTalk"),
    ("NAVER(", "Naver"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""Pairs of a text in a User-Agent header and a browser name. The first match counts, because the
header of most browsers also contains texts of later pairs.
"""
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
MAX_READ = 500
"""Maximum number of characters that are read from the header."""


def device_label(user_agent: str) -> str:
    """Returns the browser and the system of a User-Agent header, such as `Safari · iPhone`; an
    empty text if neither is known.
    """
    text = user_agent[:MAX_READ]
    browser = next((name for mark, name in BROWSERS if mark in text), "")
    system = next((name for mark, name in SYSTEMS if mark in text), "")
    return " · ".join(filter(None, (browser, system)))
