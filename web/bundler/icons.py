"""Draws the PNG icons of the app from the SVG icons: python web/bundler/icons.py

Needs Playwright and Chromium. The icons are committed: run this after a change of an SVG icon.
"""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

ICONS = Path(__file__).resolve().parent.parent / "icons"
SIZES = {
    "icon.svg": (48, 72, 96, 128, 144, 192, 256, 384, 512),
    "maskable.svg": (180, 192, 512),
}
"""Side lengths of the PNG icons to draw from each SVG, pixels. iOS uses the icon with 180 pixels
and rounds its corners itself.
"""


def draw() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        page = browser.new_page()
        for source, sizes in SIZES.items():
            svg = (ICONS / source).read_text()
            for size in sizes:
                page.set_viewport_size({"width": size, "height": size})
                style = "html, body { margin: 0; background: none } svg { display: block }"
                page.set_content(f"<style>{style}</style>{svg}")
                path = ICONS / f"{source.removesuffix('.svg')}-{size}.png"
                page.screenshot(path=path, omit_background=True)
        browser.close()


if __name__ == "__main__":
    draw()
