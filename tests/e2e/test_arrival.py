"""Arriving at a page: no camera, no permission, no such room; publishers on other sites."""

import pytest
from aiohttp import ClientSession
from playwright.async_api import Playwright

from scripts.benchmarks.chromium import launch, until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import Visitors

PUBLISH = """
async ({ whip, key }) => {
  const video = { width: 640, height: 360 };
  const stream = await navigator.mediaDevices.getUserMedia({ video, audio: true });
  const pc = (window.pc = new RTCPeerConnection());
  for (const track of stream.getTracks()) {
    const transceiver = pc.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
    if (track.kind === 'audio') continue;
    const { codecs } = RTCRtpSender.getCapabilities('video');
    transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => /h264|rtx/i.test(mimeType)));
  }
  await pc.setLocalDescription();
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/sdp' };
  const response = await fetch(whip, { method: 'POST', headers, body: pc.localDescription.sdp });
  await pc.setRemoteDescription({ type: 'answer', sdp: await response.text() });
  window.session = new URL(response.headers.get('Location'), response.url).href;
  window.end = async () => {
    const { Authorization } = headers;
    return (await fetch(window.session, { method: 'DELETE', headers: { Authorization } })).status;
  };
  return response.status;
}
"""


@pytest.mark.parametrize(
    ("without", "obstacle"),
    [
        pytest.param("--use-fake-ui", "denied", id="camera denied"),
        pytest.param("--use-fake", "missing", id="no camera"),
    ],
)
async def test_the_studio_names_the_obstacle(
    visitors: Visitors, server: LocalServer, playwright: Playwright, without: str, obstacle: str
) -> None:
    async with await launch(playwright, without=without) as browser:
        page = await visitors.page(f"{server.url}/live", browser=browser)
        await until(page, "document.body.dataset.screen === 'obstacle'")
        assert await page.get_attribute("#obstacle", "data-name") == obstacle
        assert await page.is_visible("#obstacle-steps li") and await page.is_visible("#retry")


@pytest.mark.parametrize("path", ["/r/nosuchroom", "/nowhere"])
async def test_what_is_not_there(visitors: Visitors, server: LocalServer, path: str) -> None:
    visitors.complaints.allow("404")
    context = await visitors.context()
    page = await context.new_page()
    answer = await page.goto(server.url + path)
    assert answer is not None and answer.status == 404
    assert await page.inner_text("h1") == "Nothing here"
    await page.click("main a")
    await until(page, "location.pathname === '/'")


async def test_a_room_before_its_live(visitors: Visitors, server: LocalServer) -> None:
    async with ClientSession() as session:
        created = await (
            await session.post(f"{server.url}/api/rooms", json={"title": "Soon"})
        ).json()
        room = await visitors.room(created["watch"])
        await room.state("idle")
        await room.page.wait_for_selector("#card-idle:visible")
        # A waiting viewer sees it begin.
        creator = await visitors.page(f"{server.url}/live")
        assert await creator.evaluate(PUBLISH, created) == 201
        await room.plays(2)
        await room.state("live")


async def test_pages_run_no_code_but_their_own(visitors: Visitors, server: LocalServer) -> None:
    async with ClientSession() as session, session.get(server.url) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy
    page = await visitors.page(server.url)
    await page.wait_for_load_state("networkidle")
    visitors.complaints.allow("inline script")
    await page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), { "
        "textContent: 'window.stranger = true' }))"
    )
    assert not await page.evaluate("window.stranger")
    assert len(visitors.complaints.heard) == 1
