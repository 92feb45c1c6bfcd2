"""The page picks a player and falls back when it does not work."""

import asyncio
from itertools import pairwise

import pytest
from playwright.async_api import Playwright

from scripts.benchmarks.chromium import launch, until
from tests.e2e.pages import EYES, Room, Studio, Visitors

WITHOUT = "delete window.VideoDecoder;"
WORKER = """
// Pages that are not secure have none, such as the one that every tab begins with.
if ('VideoDecoder' in window) window.Worker = class extends Worker {
  static made = 0;
  constructor(script) {
    super(URL.createObjectURL(new Blob([%s])));
    window.Worker.made++;
  }
};
"""
BREAKS = """
self.VideoDecoder = class extends VideoDecoder {
  constructor({ error }) {
    const output = (frame) => {
      frame.close();
      if (this.state === 'closed') return;
      this.close();
      error(new DOMException('as a test wants it', 'EncodingError'));
    };
    super({ output, error });
  }
};
"""
# Time by which the audio trails the video in ms, twenty times in two seconds: a loaded machine may
# show one frame late.
LEADS = """new Promise(done => {
  const leads = [];
  const timer = setInterval(() => {
    leads.push(microlive.stats().sound.lead);
    if (leads.length < 20) return;
    clearInterval(timer);
    done(leads);
  }, 100);
})"""
UNSUPPORTED = """
self.VideoDecoder = class extends VideoDecoder {
  static isConfigSupported(config) { return Promise.resolve({ supported: false, config }); }
};
"""
NO_H264 = WORKER % f"`{UNSUPPORTED}importScripts('${{new URL(script, location.href)}}')`"
BROKEN_DECODERS = WORKER % f"`{BREAKS}importScripts('${{new URL(script, location.href)}}')`"
NO_WORKERS = WORKER % "`throw new Error('as a test wants it')`"
SOFTWARE_GPU = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
BLOCK = """
(ms) => {
  for (const start = performance.now(); performance.now() - start < ms; );
}
"""
HEARD = "[microlive.stats().sound.played, performance.now()]"
DRAWN = """
() => {
  self.drawn = [];
  const { drawImage } = OffscreenCanvasRenderingContext2D.prototype;
  OffscreenCanvasRenderingContext2D.prototype.drawImage = function (...values) {
    self.drawn.push(performance.now());
    return drawImage.apply(this, values);
  };
  const { write } = WritableStreamDefaultWriter.prototype;
  WritableStreamDefaultWriter.prototype.write = async function (frame) {
    await write.call(this, frame);
    self.drawn.push(performance.now());
  };
}
"""
NO_TRACKS = "delete window.MediaStreamTrackGenerator;"


async def test_webcodecs_is_the_best_and_says_so(on_air: Studio, visitors: Visitors) -> None:
    room = await visitors.room(f"{on_air.watch}?stats")
    await room.plays(1)
    await until(room.page, "document.querySelector('#stats').innerText.includes('WebCodecs, live')")
    assert "the best in this browser" in await room.page.inner_text("#stats")


async def test_a_browser_without_a_decoder_plays_through_mse(
    on_air: Studio, visitors: Visitors
) -> None:
    room = await visitors.room(on_air.watch, WITHOUT)
    await room.pictured()
    await room.unmute()
    await room.plays(2)
    assert (await room.stats())["player"] == "mse"


async def test_a_decoder_that_fails_twice_is_left_for_mse(
    on_air: Studio, visitors: Visitors
) -> None:
    visitors.complaints.allow("as a test wants it")
    room = await visitors.room(f"{on_air.watch}?stats", BROKEN_DECODERS)
    await room.plays(2)
    stats = await room.stats()
    assert stats["player"] == "mse" and "as a test wants it" in stats["why"]
    assert await room.page.evaluate("Worker.made") == 2
    await room.unmute()
    before = await room.seen()
    await room.shows(lambda seen: seen["heard"] > before["heard"])
    # The server knows this viewer by one connection.
    await until(on_air.page, "document.querySelector('#viewers').textContent === '1'")


async def test_a_decoder_that_cannot_play_this_live_is_left_at_once_and_for_good(
    on_air: Studio, visitors: Visitors
) -> None:
    visitors.complaints.allow("no decoder for avc1")
    room = await visitors.room(on_air.watch, NO_H264)
    await room.plays(1)
    stats = await room.stats()
    assert (
        stats["player"] == "mse"
        and "no decoder for avc1" in stats["why"]
        and await room.page.evaluate("Worker.made") == 1
    )


@pytest.mark.parametrize("wanted", ["webcodecs", "mse"])
async def test_a_player_can_be_forced(on_air: Studio, visitors: Visitors, wanted: str) -> None:
    room = await visitors.room(f"{on_air.watch}?player={wanted}")
    await room.plays(1)
    stats = await room.stats()
    assert (stats["player"], stats["why"]) == (wanted, "asked for")


async def test_a_forced_player_that_cannot_be_says_what_is_wrong(
    on_air: Studio, visitors: Visitors
) -> None:
    room = await visitors.room(f"{on_air.watch}?player=webcodecs", WITHOUT)
    await room.state("sorry")
    assert "webcodecs" in await room.page.inner_text("#card-sorry")


async def test_an_unknown_player_is_reported_and_the_best_one_plays(
    on_air: Studio, visitors: Visitors
) -> None:
    room = await visitors.room(f"{on_air.watch}?player=gramophone")
    await room.plays(1)
    assert "gramophone" in await room.page.inner_text("#toast")
    assert (await room.stats())["player"] == "webcodecs"


async def test_where_no_worker_starts_the_page_does_its_work(
    on_air: Studio, visitors: Visitors
) -> None:
    visitors.complaints.allow("as a test wants it")
    room = await visitors.room(on_air.watch, NO_WORKERS)
    await room.pictured()
    await room.unmute()
    await room.plays(2)
    stats = await room.stats()
    assert (stats["player"], stats["rebuilds"], await room.page.evaluate("Worker.made")) == (
        "webcodecs",
        1,
        1,
    )
    await room.shows(lambda seen: seen["heard"] > 500)
    await until(on_air.page, "document.querySelector('#viewers').textContent === '1'")


@pytest.mark.parametrize(("element", "change"), [("VIDEO", ""), ("CANVAS", NO_TRACKS)])
async def test_a_page_that_is_busy_holds_up_neither_picture_nor_sound(
    on_air: Studio, visitors: Visitors, playwright: Playwright, element: str, change: str
) -> None:
    """The worker's frames appear in a video element, or on a canvas where a browser cannot make a
    track of frames.
    """
    # Without a GPU, Chromium's workers wait for the page's thread at every frame on a canvas.
    async with await launch(playwright, without="--disable-gpu", more=SOFTWARE_GPU) as browser:
        room = Room(
            await visitors.page(f"{on_air.watch}?player=webcodecs", EYES, change, browser=browser)
        )
        await room.pictured()
        assert await room.page.evaluate("document.querySelector('.screen').tagName") == element
        await room.unmute()
        await room.plays(2)
        (worker,) = room.page.workers
        await worker.evaluate(DRAWN)
        before, since = await room.page.evaluate(HEARD)
        await room.page.evaluate(BLOCK, 1_000)
        drawn = await worker.evaluate("() => drawn")
        pauses = [later - earlier for earlier, later in pairwise(drawn)]
        # Of 30 frames a loaded machine shows some; a worker that waits for the page would draw one
        # or two.
        assert len(drawn) >= 5 and max(pauses) < 600, pauses
        await room.plays(0.5)
        played, until_now = await room.page.evaluate(HEARD)
        assert played - before > 0.6 * (until_now - since)


async def test_sound_and_picture_stay_together(on_air: Studio, visitors: Visitors) -> None:
    room = await visitors.room(f"{on_air.watch}?player=webcodecs")
    await room.pictured()
    await room.unmute()
    await room.plays(4)
    await until(room.page, "microlive.stats().sound.played > 1000")
    # A browser without CPU time may delay the audio for some seconds.
    async with asyncio.timeout(20):
        # NaN: nothing is heard. Viewers notice more than 60 ms (ITU-R BT.1359).
        while not 0 <= sorted(await room.page.evaluate(LEADS))[10] <= 60:
            pass
    await room.page.click("#sound")
    await room.plays(1)
    assert "sound" not in await room.stats(), "muted sound is not decoded"
    await room.page.click("#sound")
    await asyncio.gather(room.plays(2), room.shows(lambda seen: seen["heard"] > 500))


@pytest.mark.parametrize("player", ["webcodecs", "mse"])
async def test_picture_in_picture_goes_on_while_the_page_is_hidden(
    on_air: Studio, visitors: Visitors, player: str
) -> None:
    room = await visitors.room(f"{on_air.watch}?player={player}")
    await room.plays(1)
    await room.page.click("#pip")
    await until(room.page, "document.pictureInPictureElement?.videoWidth > 0")
    await room.hide(True)
    await room.plays(1)
    assert await room.page.evaluate("document.pictureInPictureElement.readyState >= 2")
    await room.page.evaluate("document.exitPictureInPicture()")
    await until(on_air.page, "document.querySelector('#viewers').textContent === '0'", 10)


async def test_picture_in_picture_follows_the_room_to_another_player(
    on_air: Studio, visitors: Visitors
) -> None:
    """First comes a player of the same kind, then one with its own video element."""
    visitors.complaints.allow("as a test wants it")
    room = await visitors.room(on_air.watch)
    await room.plays(1)
    await room.page.click("#pip")
    await until(room.page, "document.pictureInPictureElement?.videoWidth > 0")
    for player in ("webcodecs", "mse"):
        worker = room.page.workers[-1]
        await worker.evaluate(
            "() => { setTimeout(() => { throw new Error('as a test wants it'); }); }"
        )
        await until(
            room.page,
            (
                f"microlive.stats().player === '{player}' && microlive.stats().rebuilds >= 1 "
                "&& microlive.stats().frames > 30"
            ),
        )
        at = await room.page.evaluate("document.pictureInPictureElement.currentTime")
        await until(room.page, f"document.pictureInPictureElement.currentTime > {at + 0.5}")
        # The creator's browser may change the size at any moment; the window then shows a frame or
        # two of the earlier size.
        await until(
            room.page,
            "document.pictureInPictureElement.videoWidth === microlive.stats().width",
        )
    await room.page.evaluate("document.exitPictureInPicture()")
    await until(room.page, "document.pictureInPictureElement === null")


async def test_full_screen(on_air: Studio, visitors: Visitors) -> None:
    room = await visitors.room(on_air.watch)
    await room.plays(0.5)
    await room.page.click("#full")
    await until(room.page, "document.fullscreenElement?.id === 'stage'")
    await room.page.keyboard.press("f")
    await until(room.page, "document.fullscreenElement === null")


async def test_full_screen_where_only_videos_may_fill_it(
    on_air: Studio, visitors: Visitors
) -> None:
    """On iPhones, only videos can fill the screen."""
    only_videos = (
        "delete Element.prototype.requestFullscreen; "
        "HTMLVideoElement.prototype.webkitEnterFullscreen = function () { window.filled = "
        "this.id; };"
    )
    room = await visitors.room(f"{on_air.watch}?player=mse", only_videos)
    await room.plays(0.5)
    await room.page.click("#full")
    await until(room.page, "window.filled === 'video'")
    other = await visitors.room(f"{on_air.watch}?player=webcodecs", only_videos + NO_TRACKS)
    await other.plays(0.5)
    assert await other.page.is_hidden("#full")


NO_WEBSOCKET = (
    "window.WebSocket = class extends WebSocket { constructor() { super('ws://127.0.0.1:9'); } };"
)
NO_OPUS = """
const supported = MediaSource.isTypeSupported.bind(MediaSource);
MediaSource.isTypeSupported = type => !/opus/i.test(type) && supported(type);
"""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("wanted", ["hls", ""])
async def test_a_viewer_watches_where_no_websocket_gets_through(
    on_air: Studio, visitors: Visitors, wanted: str
) -> None:
    """LL-HLS starts by itself, and the page then uses only transports without a WebSocket. The
    room's events still arrive.
    """
    visitors.complaints.allow("ws://127.0.0.1:9/")
    # A loaded server asks the player to request the playlist later.
    visitors.complaints.allow(r"status of 503 .*\.m3u8")
    room = Room(
        await visitors.page(
            f"{on_air.watch}?player={wanted}" if wanted else on_air.watch,
            WITHOUT,
            NO_WEBSOCKET,
            EYES,
        )
    )
    await until(room.page, "microlive.stats().playing && microlive.stats().frames > 0")
    playing = (await room.stats())["player"]
    assert playing == (wanted or "whep")
    frames = (await room.stats())["frames"]
    # A loaded machine shows a few frames a second.
    await until(room.page, f"microlive.stats().frames > {frames + 150}", 40)
    assert (await room.stats())["player"] == playing and (await room.stats())["rebuilds"] == 0
    await until(room.page, "microlive.stats().state === 'live' && microlive.stats().viewers > 0")


async def test_a_player_without_a_decoder_for_the_sound_is_left_for_another(
    on_air: Studio, visitors: Visitors
) -> None:
    """Safari's Lockdown Mode has Media Source Extensions without Opus."""
    room = Room(await visitors.page(on_air.watch, WITHOUT, NO_OPUS, EYES))
    await until(room.page, "microlive.stats().playing && microlive.stats().frames > 30")
    stats = await room.stats()
    assert stats["player"] == "whep" and "no decoder" in stats["why"] and stats["state"] == "live"
    await room.unmute()
    await until(room.page, "microlive.stats().sound?.played > 1000")


DEAF_BUFFERS = "SourceBuffer.prototype.appendBuffer = () => {};"


@pytest.mark.timeout(90)
async def test_a_player_of_whose_media_nothing_comes_is_made_anew(
    on_air: Studio, visitors: Visitors
) -> None:
    """When WebKit's media source hangs, there is no error, no stall and no frame.

    A second hang is tested without a browser.
    """
    visitors.complaints.allow("no new picture for 10 s")
    room = Room(await visitors.page(on_air.watch, WITHOUT, DEAF_BUFFERS, EYES))
    await until(room.page, "microlive.stats().rebuilds === 1", 30)
    assert (await room.stats())["player"] == "mse" and any(
        "no new picture" in heard for heard in visitors.complaints.heard
    )
