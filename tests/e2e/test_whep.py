"""The room over WebRTC in a real Chromium."""

from pathlib import Path

import pytest

from scripts.benchmarks.chromium import script, until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import EYES, Room, Studio, Visitors
from tests.fixtures.coturn import SECRET, coturn, free_port

SOUND = """(async () => {
    const reports = [...(await connections.made.at(-1).getStats()).values()];
    const audio = reports.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio');
    return {
        energy: audio?.totalAudioEnergy,
        concealed: audio?.concealedSamples,
        received: audio?.totalSamplesReceived,
    };
})()"""
RELAYED = """window.RTCPeerConnection = class extends window.RTCPeerConnection {
    constructor(options) { super({ ...options, iceTransportPolicy: 'relay' }); }
};"""
SELECTED_CANDIDATE = """(async () => {
    const reports = await connections.made.at(-1).getStats();
    const transport = [...reports.values()].find(({ type }) => type === 'transport');
    const pair = reports.get(transport.selectedCandidatePairId);
    return reports.get(pair.localCandidateId).candidateType;
})()"""


async def test_a_viewer_watches_over_webrtc_with_sound(studio: Studio, visitors: Visitors) -> None:
    """Media comes over UDP, none over the WebSocket.

    The viewer stays when the publisher reloads, and learns of the end.
    """
    room = Room(await visitors.page(f"{studio.watch}?player=whep", EYES, script("connections")))
    await room.pictured()
    await room.unmute()
    await until(room.page, "microlive.stats().bitrate > 0")
    await room.plays(5)
    sound = await room.page.evaluate(SOUND)
    assert (
        sound["energy"] > 0
        and sound["received"] > 4 * 48_000
        and sound["concealed"] < sound["received"] / 4
    )
    stats = await room.stats()
    assert stats["player"] == "whep" and stats["state"] == "live" and stats["rebuilds"] == 0
    assert 0 < stats["behindLens"] < 2_000 and stats["width"] > 0
    await until(room.page, "document.querySelector('#viewers').textContent === '1'")

    before = await room.seen()
    await studio.page.reload()
    await studio.is_live()
    await room.shows(lambda seen: seen["frames"] > before["frames"] + 60)
    assert (await room.stats())["rebuilds"] == 0
    await studio.end()
    await room.state("ended", within=3)


async def test_a_viewer_behind_a_firewall_watches_through_the_turn_server(
    visitors: Visitors, tmp_path: Path
) -> None:
    """The answer names the TURN server, with credentials for this viewer.

    A page that may use no other path shows frames.
    """
    turn = free_port()
    settings = (f"--turn-urls=turn:127.0.0.1:{turn}?transport=udp", f"--turn-secret={SECRET}")
    running = coturn(
        tmp_path, turn, ["127.0.0.1"], "127.0.0.1", lambda path: Path(path).read_text()
    )
    async with running, LocalServer(tmp_path / "data", *settings) as server:
        studio = await visitors.studio(server.url)
        watch = await studio.go_live("Far away")
        room = Room(
            await visitors.page(f"{watch}?player=whep", EYES, script("connections"), RELAYED)
        )
        await room.plays(2)
        assert await room.page.evaluate(SELECTED_CANDIDATE) == "relay"
        await studio.end()
        await room.state("ended", within=3)
        await studio.page.close()  # otherwise its requests fail when the server stops


@pytest.mark.timeout(120)
async def test_the_page_itself_holds_sound_and_picture_together(
    on_air: Studio, visitors: Visitors
) -> None:
    """The page synchronises two streams, which the browser does not."""
    streams = """window.streams = []; const made = window.RTCPeerConnection;
        window.RTCPeerConnection = class extends made {
            constructor(...options) {
                super(...options);
                this.addEventListener('track', ({ track, streams: [{ id }] }) => {
                    streams.push([track.kind, id]);
                });
            }
        };"""
    room = Room(await visitors.page(f"{on_air.watch}?player=whep", EYES, streams))
    await room.pictured()
    told = dict(await room.page.evaluate("streams"))
    assert told["audio"] != told["video"]
    assert "sound" not in await room.stats()
    await room.unmute()
    # A correction takes up to 7 s, and on a loaded machine the buffers settle late. The sound may
    # trail by up to 60 ms (ITU-R BT.1359), and never leads.
    together = "(({ lead }) => lead >= 0 && lead <= 60)(microlive.stats().sound)"
    await until(room.page, together, 40)
    assert 0 < (await room.stats())["sound"]["latency"] < 1_000
    await room.page.evaluate("navigator.mediaDevices.dispatchEvent(new Event('devicechange'))")
    await until(room.page, together, 40)


async def test_a_hidden_page_leaves_and_comes_back(on_air: Studio, visitors: Visitors) -> None:
    """A hidden page gets no media. When it is shown again, a new session brings frames."""
    room = Room(await visitors.page(f"{on_air.watch}?player=whep", EYES, script("connections")))
    await room.plays(1)
    for hidden in (True, False):
        await room.hide(hidden)
        if hidden:
            await until(on_air.page, "document.querySelector('#viewers').textContent === '0'")
    before = await room.seen()
    await room.shows(lambda seen: seen["frames"] > before["frames"] + 20)
