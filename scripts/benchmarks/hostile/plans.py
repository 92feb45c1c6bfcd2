"""Plans for the creators and viewers that the load generator simulates on the measured server."""

from collections.abc import Sequence

from scripts.loadgen.clip import Clip
from scripts.loadgen.plans import CrowdPlan, PublishersPlan
from scripts.loadgen.target import PublishEndpoint, parse_target


def creators_plan(
    rooms: Sequence[PublishEndpoint],
    clip: Clip,
    ramp: float,
    loss: float = 0.0,
    *,
    insecure: bool = False,
) -> PublishersPlan:
    """Returns a plan with one creator for each room."""
    return PublishersPlan(
        insecure,
        [(each.room, each.key, each.whip) for each in rooms],
        clip.to_json(),
        0.0,
        ramp,
        loss=loss,
    )


def viewers_plan(url: str, rooms: Sequence[str], viewers: int, ramp: float) -> CrowdPlan:
    """Returns a plan with WebSocket viewers that stay in their room and accept any certificate."""
    target = parse_target(url, owned=True)
    return CrowdPlan(
        host=target.host,
        port=target.port,
        tls=target.tls,
        insecure=target.tls,
        path="",
        rooms=list(rooms),
        weights=[1.0] * len(rooms),
        viewers=viewers,
        probe=False,
        slow=0,
        slow_bps=0,
        rude=0,
        swipe=0.0,
        ramp=ramp,
        same_clock=True,
    )
