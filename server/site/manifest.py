"""The web app manifest, in the reader's language. Pure."""

from typing import Any

from server.site.strings import Strings

SIZES = (48, 72, 96, 128, 144, 192, 256, 384, 512)
MASKABLE = (192, 512)
GROUND = "#0c0e12"
START = "/?app"
"""Start page of the installed app. Only URLs that begin with `/?` are in the scope of the service
worker, so the browser does not start the service worker when it opens a room.
"""


def manifest(assets: str, strings: Strings) -> dict[str, Any]:
    """Returns the manifest (W3C Web Application Manifest). `assets`: URL path of the folder that
    contains the icons' folder.
    """
    t = strings.t

    def icon(size: int, purpose: str = "any") -> dict[str, str]:
        name = "icon" if purpose == "any" else purpose
        return {
            "src": f"{assets}/icons/{name}-{size}.png",
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }

    vector = {
        "src": f"{assets}/icons/icon.svg",
        "sizes": "any",
        "type": "image/svg+xml",
        "purpose": "any",
    }
    return {
        "name": "microlive",
        "short_name": "microlive",
        "description": t("install.description"),
        "lang": strings.language,
        "dir": "ltr",
        "id": "/",
        "start_url": START,
        "scope": "/",
        "display": "standalone",
        "background_color": GROUND,
        "theme_color": GROUND,
        "categories": ["social", "video"],
        "icons": [
            vector,
            *(icon(size) for size in SIZES),
            *(icon(size, "maskable") for size in MASKABLE),
        ],
        "shortcuts": [
            {"name": t("install.go_live"), "url": "/live", "icons": [icon(96)]},
            {"name": t("site.me"), "url": "/me", "icons": [icon(96)]},
        ],
    }
