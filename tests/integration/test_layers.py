"""A creator that sends two layers of video at once, although the answer accepts one."""

from relay.sample import Track
from tests.fixtures.deadline import eventually
from tests.fixtures.metrics import scrape
from tests.fixtures.publisher import Publisher
from tests.integration.conftest import Live


class SecondLayer:
    """Sends each video packet of a publisher also from a second source, with other numbers and
    times.
    """

    def __init__(self, publisher: Publisher) -> None:
        self.sent = 0
        self.alone = False
        """Whether the first source is silent."""
        video = publisher.peer.getTransceivers()[0]
        self._payload_type = video._codecs[0].payloadType
        self._transport = publisher.transport
        self._send = self._transport._send_rtp
        self._transport._send_rtp = self.send

    async def send(self, data: bytes) -> None:
        if data[1] & 0x7F != self._payload_type:
            await self._send(data)
            return
        if not self.alone:
            await self._send(data)
        copy = bytearray(data)
        for start, end, step in ((2, 4, 40_000), (4, 8, 1 << 31), (8, 12, 1)):
            number = int.from_bytes(data[start:end], "big") + step
            copy[start:end] = (number % (1 << 8 * (end - start))).to_bytes(end - start, "big")
        await self._send(bytes(copy))
        self.sent += 1


async def test_the_first_layer_is_taken_until_it_is_silent(live: Live) -> None:
    """Every frame of it arrives, and the packets of the other are dropped and counted."""
    server, viewer, camera = live.server, live.viewer, live.publisher.camera
    session = server.session(live.room).rtc
    second = SecondLayer(live.publisher)
    await viewer.frames(40)
    viewer.assert_unbroken(longest=10.0)
    reassembly = session.reassembly
    assert (reassembly.given_up, reassembly.duplicates, reassembly.broken_units) == (0, 0, 0)
    camera.running.clear()
    await eventually(lambda: second.sent and session.counters.foreign == second.sent)
    sent = second.sent
    async with server.http.get(f"{server.url}/metrics") as response:
        found = scrape(await response.text())
    # The encoder may still have worked on one frame.
    assert sent <= found["microlive_foreign_packets_total"] <= second.sent

    before, second.alone = len(viewer.media(Track.VIDEO)), True
    camera.running.set()
    await eventually(lambda: session.reassembly is not reassembly)
    await viewer.frames(20)
    assert len(viewer.media(Track.VIDEO)) >= before + 20
    assert server.session(live.room).rtc is session
