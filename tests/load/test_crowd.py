"""The parts that the viewers of one process share."""

import asyncio
import time

from scripts.loadgen.crowd import Crowd
from scripts.loadgen.plans import CrowdPlan
from scripts.loadgen.websocket_viewer import masked_frame

PLAN = CrowdPlan(
    host="127.0.0.1",
    port=9,
    tls=False,
    insecure=False,
    path="",
    rooms=["a"],
    weights=[1.0],
    viewers=3,
    probe=True,
    slow=0,
    slow_bps=200_000,
    rude=0,
    swipe=0.0,
    ramp=0.0,
    same_clock=False,
)


async def test_a_refused_connection_is_a_failure_with_its_cause() -> None:
    crowd = Crowd(PLAN)
    crowd.start(time.time())
    figures = crowd.take_figures()
    while figures.total("failed") < PLAN.viewers:
        await asyncio.sleep(0)
        figures.merge(crowd.take_figures())
    assert figures.causes("failed") == {"refused": PLAN.viewers}
    await crowd.close()


def test_a_clients_frame_is_masked() -> None:
    # RFC 6455 §5.3: the mask bit and four bytes of mask; zeros leave the payload as it is.
    assert masked_frame(0x81, b"hi") == b"\x81\x82\0\0\0\0hi"
