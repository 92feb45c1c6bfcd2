"""Pages of other sites, and pages over HTTPS on a private address."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page

from scripts.benchmarks.chromium import script, until
from scripts.benchmarks.local_server import LocalServer
from server.host.addresses import local_addresses
from tests.e2e.pages import EYES, Room, Studio, Visitors
from tests.fixtures.coturn import free_port

# Creates a room, publishes a canvas over WHIP, plays it over WHEP, WebSocket and HLS. Each step has
# its result, or the name of the error.
USES = """async (url) => {
  const results = {};
  const step = async (name, work) => {
    try {
      results[name] = await work();
    } catch (error) {
      results[name] = error.name;
    }
  };
  const negotiate = async (peer, endpoint, headers = {}) => {
    await peer.setLocalDescription();
    for (;;) {
      const answer = await fetch(endpoint, {
        method: 'POST',
        headers: { 'Content-Type': 'application/sdp', ...headers },
        body: peer.localDescription.sdp,
      });
      const sdp = await answer.text();
      if (answer.status === 201) {
        await peer.setRemoteDescription({ type: 'answer', sdp });
        return answer.headers.get('Location');
      }
      if (answer.status !== 409) return answer.status;  // 409: not live yet
      await new Promise((done) => setTimeout(done, 100));
    }
  };
  let room = 'none', key = 'none';
  await step('api', async () => {
    const answer = await fetch(`${url}/api/rooms`, { method: 'POST' });
    ({ room, key } = await answer.json());
    return answer.status;
  });
  await step('whip', async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
    const context = canvas.getContext('2d');
    let n = 0;
    setInterval(() => {
      context.fillStyle = `hsl(${n++ * 3} 80% 50%)`;
      context.fillRect(0, 0, 320, 240);
    }, 33);
    const peer = new RTCPeerConnection();
    const [track] = canvas.captureStream().getVideoTracks();
    // As LiveKit's SDK does. The answer rejects the data channel, and accepts one layer.
    peer.createDataChannel('data');
    const sendEncodings = [{ rid: 'h', scaleResolutionDownBy: 2 }, { rid: 'f' }];
    peer.addTransceiver(track, { direction: 'sendonly', sendEncodings });
    return negotiate(peer, `${url}/whip/${room}`, { Authorization: `Bearer ${key}` });
  });
  await step('whep', async () => {
    const peer = new RTCPeerConnection();
    const video = Object.assign(document.createElement('video'), { muted: true, autoplay: true });
    document.body.append(video);
    peer.ontrack = ({ track }) => (video.srcObject = new MediaStream([track]));
    // Without a direction, as in the README of whip-whep. The answer rejects the section before it,
    // which cannot receive, and those behind it.
    peer.addTransceiver('video', { direction: 'sendonly' });
    peer.addTransceiver('video');
    peer.addTransceiver('video');
    peer.createDataChannel('data');
    const location = await negotiate(peer, `${url}/whep/${room}`);
    await new Promise((done) => video.requestVideoFrameCallback(done));
    return location;
  });
  await step('ws', () => new Promise((done) => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/${room}`);
    socket.onmessage = () => done('message');
    socket.onclose = ({ code }) => done(code);
  }));
  await step('hls', async () => (await fetch(`${url}/hls/${room}/index.m3u8`)).status);
  return results;
}"""
FRAME = """url => new Promise((done) => {
  const frame = Object.assign(document.createElement('iframe'), { src: url });
  frame.onload = () => done();
  document.body.append(frame);
})"""


@asynccontextmanager
async def other_site() -> AsyncIterator[str]:
    """An empty page of another origin."""

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><body>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", page)
    async with TestServer(app) as site:
        yield str(site.make_url("/"))


async def uses(page: Page, url: str) -> dict[str, Any]:
    results: dict[str, Any] = await page.evaluate(USES, url)
    return results


async def test_a_foreign_page_cannot_use_a_server_on_loopback(
    visitors: Visitors, server: LocalServer
) -> None:
    """It creates no room, publishes nothing and plays nothing."""
    visitors.complaints.allow("CORS policy|ERR_FAILED|WebSocket connection")
    async with other_site() as site:
        page = await visitors.page(site)
        # Without an answer there is no video, for which the step would wait.
        await page.evaluate(
            "void (HTMLVideoElement.prototype.requestVideoFrameCallback = (f) => f())"
        )
        assert await uses(page, server.url) == {
            "api": "TypeError",
            "whip": "TypeError",
            "whep": "TypeError",
            "ws": 1006,
            "hls": "TypeError",
        }


async def test_an_allowed_page_publishes_and_plays(visitors: Visitors, tmp_path: Path) -> None:
    """It does so over every path, and its console has no message about origins."""
    visitors.complaints.allow("409")  # WHEP before the first frame of WHIP
    async with other_site() as site, LocalServer(tmp_path, f"--cors-origins={site}") as server:
        results = await uses(await visitors.page(site), server.url)
    for name in ("whip", "whep"):
        assert results.pop(name).startswith(f"{server.url}/{name}/")
    assert results == {"api": 201, "ws": "message", "hls": 200}


async def test_only_own_pages_show_a_room_in_a_frame(
    visitors: Visitors, studio: Studio, server: LocalServer
) -> None:
    """No page shows the studio in a frame."""
    visitors.complaints.allow("frame-ancestors|Refused to frame|chrome-error|ERR_BLOCKED_BY")
    async with other_site() as site:
        for where, url, shown in (
            (f"{server.url}/", studio.watch, True),
            (f"{server.url}/", f"{server.url}/live", False),
            (site, studio.watch, False),
            (site, f"{server.url}/live", False),
        ):
            page = await visitors.page(where)
            await page.evaluate(FRAME, url)
            assert (page.frames[-1].url == url) is shown, (where, url)
            assert page.frames[-1].url == url or page.frames[-1].url.startswith("chrome-error:")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def private_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The URL of a server over HTTPS on a private address of this machine. Traffic to this address
    stays on the machine.
    """
    private = [one.text for one in local_addresses() if one.is_private]
    assert private, "--lan needs a private IPv4 address"
    port = free_port()
    data = tmp_path_factory.mktemp("lan")
    async with LocalServer(data, "--lan", f"--lan-port={port}") as server:
        yield f"https://{private[0]}:{port}"
        assert server.errors == []


@pytest.mark.timeout(120)
@pytest.mark.parametrize("player", ["webcodecs", "mse", "whep", "hls"])
async def test_a_live_over_https_on_a_private_address(
    visitors: Visitors, private_url: str, player: str
) -> None:
    """The studio and a viewer by each player use the server like a phone on the same Wi-Fi."""
    page = await visitors.page(
        f"{private_url}/live", script("connections"), ignore_https_errors=True
    )
    studio = Studio(page)
    watch = await studio.go_live("On the Wi-Fi")
    assert watch.startswith(f"{private_url}/r/")
    room = Room(await visitors.page(f"{watch}?player={player}", EYES, ignore_https_errors=True))
    await room.plays(2)
    assert (await room.stats())["player"] == player
    await until(studio.page, "document.querySelector('#viewers').textContent === '1'", 10)
    await studio.end()
    await room.state("ended")
