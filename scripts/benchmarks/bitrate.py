"""Measures the target bitrate and the sent bitrate of a creator's browser. The browser films noise,
and the network path has no loss and no limit.
"""

import asyncio
from dataclasses import asdict, dataclass
from typing import Any

from playwright.async_api import Browser

from scripts.benchmarks.figures import Bar
from scripts.benchmarks.studio import end_live, go_live

WITHIN = 3.0
"""Maximum time from connecting until the target bitrate reaches TARGET_BAR, seconds."""
TARGET_BAR = 2.0
"""Minimum target bitrate of the encoder, Mbps."""
SPENT_BAR = 1.6
"""Minimum mean of the sent bitrate after the first WITHIN seconds, Mbps. This bar is below
TARGET_BAR, because software encoders drop frames on a busy machine.
"""


@dataclass(frozen=True, slots=True)
class Second:
    """One sample. `at`: seconds since connecting. `target`: target bitrate in Mbps. `sent`: mean
    bitrate that the browser sent since the last sample, in Mbps. `size`: dimensions of the encoded
    frame.
    """

    at: float
    target: float
    sent: float
    fps: float
    size: str
    limited: str


@dataclass(frozen=True, slots=True)
class Report:
    seconds: list[Second]

    @property
    def bars(self) -> list[Bar]:
        target = max(
            (second.target for second in self.seconds if second.at <= WITHIN + 0.2), default=0.0
        )
        late = [second.sent for second in self.seconds if second.at > WITHIN]
        return [
            Bar(f"target within {WITHIN:.0f} s", target, TARGET_BAR, "Mbps", least=True),
            Bar(
                f"sent after {WITHIN:.0f} s",
                sum(late) / len(late) if late else 0.0,
                SPENT_BAR,
                "Mbps",
                least=True,
            ),
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "seconds": [asdict(second) for second in self.seconds],
            "bars": [bar.as_json() for bar in self.bars],
        }


async def measure(url: str, creators: Browser, *, seconds: int) -> Report:
    """Starts a studio that films noise in 720p, and takes a sample once a second."""
    studio, _ = await go_live(creators, url, "noise")
    begun = before = await studio.evaluate("connections.sent()")
    measured = []
    for _ in range(seconds):
        await asyncio.sleep(1)
        now = await studio.evaluate("connections.sent()")
        passed = (now["at"] - before["at"]) / 1000
        measured.append(
            Second(
                at=round((now["at"] - begun["at"]) / 1000, 1),
                target=round(now["targetBitrate"] / 1e6, 2),
                sent=round((now["bytesSent"] - before["bytesSent"]) * 8 / passed / 1e6, 2),
                fps=round((now["framesEncoded"] - before["framesEncoded"]) / passed, 1),
                size=f"{now['frameWidth']}×{now['frameHeight']}",
                limited=now["qualityLimitationReason"],
            )
        )
        before = now
    await end_live(studio)
    return Report(measured)
