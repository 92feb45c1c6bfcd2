"""The pages as people use them: a publisher's studio and a viewer's room."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page

from scripts.benchmarks.chromium import script, until

WITHIN = 20.0
"""Seconds that a page has for each step."""

# What the page shows, in a video or on a canvas: frames, and seconds of media without a jump.
EYES = """
(() => {
  const seen = { frames: 0, played: 0, at: 0, time: 0 };
  let before = NaN;
  const saw = (now, mediaTime) => {
    const step = mediaTime - before;
    if (step > 0 && step < 0.5) seen.played += step;
    before = seen.time = mediaTime;
    seen.frames++;
    seen.at = now;
  };
  // The page puts elements of its own in the place of the one it came with.
  const known = new WeakSet();
  const look = () => {
    for (const video of document.querySelectorAll('video.screen')) {
      if (known.has(video)) continue;
      known.add(video);
      const frame = (now, { mediaTime }) => {
        saw(now, mediaTime);
        video.requestVideoFrameCallback(frame);
      };
      video.requestVideoFrameCallback(frame);
    }
    setTimeout(look, 10);
  };
  document.addEventListener('DOMContentLoaded', look);
  // No script of the page sees what a worker draws, so the player's statistics are read. A new
  // player counts from 0.
  let [frames, position] = [0, NaN];
  const ask = () => {
    setTimeout(ask, 10);
    const stats = document.querySelector('canvas.screen') && window.microlive?.stats();
    if (!stats || (stats.frames === frames && stats.position === position)) return;
    if (stats.frames) saw(performance.now(), stats.position / 1e3);
    seen.frames += Math.max(0, stats.frames - frames - 1);
    [frames, position] = [stats.frames, stats.position];
  };
  ask();
  Object.assign(window, { seen });
})();
"""
EYES_NOW = """
(stats => ({
    ...seen,
    ago: performance.now() - seen.at,
    muted: stats.muted,
    width: stats.width,
    height: stats.height,
    heard:
        stats.sound?.played ?? document.querySelector('#video')?.webkitAudioDecodedByteCount ?? 0,
}))(microlive.stats())
"""


@dataclass
class Complaints:
    """Console messages of pages: errors, warnings, violations of the Content-Security-Policy."""

    # Browsers report a service worker that they cannot load: over HTTPS with a self-signed
    # certificate they never load one, and a page that is left at once ends the request.
    allowed: list[re.Pattern[str]] = field(
        default_factory=lambda: [re.compile("error occurred when fetching the script")]
    )
    heard: list[str] = field(default_factory=list)

    def allow(self, pattern: str) -> None:
        """Accepts messages that match, such as those about a lost network."""
        self.allowed.append(re.compile(pattern))

    @property
    def unexpected(self) -> list[str]:
        return [
            text for text in self.heard if not any(pattern.search(text) for pattern in self.allowed)
        ]

    def listen(self, page: Page) -> None:
        def console(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                self.heard.append(
                    f"{page.url}: {message.type}: {message.text} "
                    f"({message.location.get('url', '')})"
                )

        page.on("console", console)
        page.on("pageerror", lambda error: self.heard.append(f"{page.url}: {error}"))


class Visitors:
    """Opens pages, each with its own browser profile, and closes them in `leave`."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.complaints = Complaints()

    async def context(self, browser: Browser | None = None, **options: Any) -> BrowserContext:
        options = {"viewport": {"width": 480, "height": 270}, **options}
        context = await (browser or self._browser).new_context(**options)
        self._contexts.append(context)
        context.set_default_timeout(WITHIN * 1000)
        context.on("page", self.complaints.listen)
        return context

    async def page(
        self, url: str, *scripts: str, browser: Browser | None = None, **options: Any
    ) -> Page:
        """Opens `url` in a new profile; `scripts` (JavaScript) run before the page's own."""
        context = await self.context(browser, **options)
        for text in scripts:
            await context.add_init_script(text)
        page = await context.new_page()
        await page.goto(url)
        return page

    async def studio(self, url: str, *scripts: str) -> "Studio":
        return Studio(await self.page(f"{url}/live", script("connections"), *scripts))

    async def room(self, url: str, *scripts: str) -> "Room":
        return Room(await self.page(url, EYES, *scripts))

    async def leave(self) -> None:
        await asyncio.gather(*(context.close() for context in self._contexts))


class Studio:
    """A publisher's page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.watch = ""
        """URL of the room, once live."""

    async def go_live(self, title: str = "") -> str:
        await self.page.fill("#title", title)
        await self.page.click("#go-live")
        await self.is_live()
        self.watch = await self.page.get_attribute("#share-link", "href") or ""
        return self.watch

    async def is_live(self, within: float = WITHIN) -> None:
        await until(
            self.page,
            "document.body.dataset.screen === 'live' && document.body.dataset.link === 'live'",
            within,
        )

    async def end(self) -> None:
        await self.page.click("#end")
        await self.page.click("#end-confirm")
        await until(self.page, "document.body.dataset.screen === 'over'")

    async def replace_video(self, width: int, height: int) -> None:
        """Changes the camera's size, as a phone does when it is turned. From then on the browser
        sends the full size, which it otherwise reduces on a loaded machine.
        """
        await self.page.evaluate(
            """async ([width, height]) => {
                const canvas = Object.assign(document.createElement('canvas'), { width, height });
                const context = canvas.getContext('2d');
                let n = 0;
                setInterval(() => {
                    context.fillStyle = `hsl(${n++ * 3} 80% 50%)`;
                    context.fillRect(0, 0, width, height);
                }, 33);
                const senders = connections.made.at(-1).getSenders();
                const sender = senders.find(({ track }) => track?.kind === 'video');
                const { setParameters } = RTCRtpSender.prototype;
                RTCRtpSender.prototype.setParameters = function (parameters) {
                    parameters.degradationPreference = 'maintain-resolution';
                    for (const encoding of parameters.encodings) encoding.scaleResolutionDownBy = 1;
                    return setParameters.call(this, parameters);
                };
                await sender.setParameters(sender.getParameters());
                await sender.replaceTrack(canvas.captureStream().getVideoTracks()[0]);
            }""",
            [width, height],
        )

    async def stop_sound(self) -> None:
        """Sends no audio RTP from now on, not even silence."""
        await self.page.evaluate(
            "connections.made.at(-1).getSenders().find(({ track }) => track?.kind === "
            "'audio').replaceTrack(null)"
        )


class Room:
    """A viewer's page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def unmute(self) -> None:
        await self.page.click("#unmute")
        await until(
            self.page,
            "!microlive.stats().muted && document.querySelector('#sound').ariaPressed === 'false'",
        )

    async def hide(self, hidden: bool) -> None:
        """Sets the values of the Page Visibility API, since Playwright keeps every page visible."""
        await self.page.evaluate(
            """hidden => {
                const state = hidden ? 'hidden' : 'visible';
                Object.defineProperties(document, {
                    hidden: { configurable: true, get: () => hidden },
                    visibilityState: { configurable: true, get: () => state },
                });
                document.dispatchEvent(new Event('visibilitychange'));
            }""",
            hidden,
        )

    async def seen(self) -> dict[str, Any]:
        seen: dict[str, Any] = await self.page.evaluate(EYES_NOW)
        return seen

    async def stats(self) -> dict[str, Any]:
        stats: dict[str, Any] = await self.page.evaluate("microlive.stats()")
        return stats

    async def state(self, state: str, within: float = WITHIN) -> None:
        await until(
            self.page, f"document.querySelector('#stage').dataset.state === '{state}'", within
        )

    async def pictured(self, within: float = WITHIN) -> None:
        """Waits until the first frame is shown."""
        await until(self.page, "seen.frames > 0", within)

    async def plays(self, seconds: float, within: float | None = None) -> None:
        """Waits until `seconds` more of media have been shown, with all frames in order."""
        before = await self.seen()
        target = before["played"] + seconds
        await until(self.page, f"seen.played >= {target}", within or WITHIN + 2 * seconds)

    async def shows(
        self, condition: Callable[[dict[str, Any]], bool], within: float = WITHIN
    ) -> dict[str, Any]:
        """Waits until the shown media meets `condition`, and returns its values."""
        async with asyncio.timeout(within):
            while True:
                if condition(seen := await self.seen()):
                    return seen
                await asyncio.sleep(0.05)
