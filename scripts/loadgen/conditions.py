"""The conditions under which a run fails, such as `--fail-if "p99>50ms"`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from scripts.loadgen.errors import BadInput

METRICS: dict[str, tuple[str, str]] = {
    "p50": (
        "ms",
        (
            "delay from publishing to the viewer, median; of a message, over WebRTC a frame,  "
            "over HLS a part"
        ),
    ),
    "p95": ("ms", "the same, 95th percentile"),
    "p99": ("ms", "the same, 99th percentile"),
    "max": ("ms", "the same, maximum"),
    "join_p50": ("ms", "from connecting to the last byte of the first keyframe, median"),
    "join_p95": ("ms", "the same, 95th percentile"),
    "join_p99": ("ms", "the same, 99th percentile"),
    "failures": ("", "viewers who could not connect"),
    "disconnects": ("", "viewers whose connection was cut"),
    "gaps": ("", "records missing in what viewers received; over WebRTC packets, over HLS parts"),
    "slowed": ("", "times that the server gave a viewer less than full video"),
    "watching": ("", "viewers connected at the same time, minimum after the ramp"),
    "received": ("Mbps", "received by all viewers together, mean after the ramp"),
    "chat_p50": (
        "ms",
        "from the request that sends a chat message until the last of the probes has it, median",
    ),
    "chat_p99": ("ms", "the same, 99th percentile"),
    "accept_p99": ("ms", "from this request to the answer that the message is stored, 99 %"),
    "chat_refused": ("", "chat messages that the server did not accept"),
    "chat_lost": ("", "chat messages that a probe did not get, got twice or out of order"),
    "publishing": ("", "creators sending at the same time, minimum after the ramp"),
    "publish_p50": ("ms", "from a creator's offer to the end of the handshake, median"),
    "publish_p95": ("ms", "the same, 95 %"),
    "creator_failures": ("", "creators who could not connect"),
    "creator_disconnects": ("", "creators whose session was cut"),
    "plis": ("", "keyframes that the server asked creators for"),
    "nacks": ("", "packets that the server asked creators to resend"),
    "server_cpu": ("%", "of one core, mean after the ramp; server on this machine only"),
    "server_memory": ("MB", "resident, maximum; server on this machine only"),
    "lag_p99": ("ms", "how late the generator's own loops were"),
    "generator_cpu": (
        "%",
        "of one core, the busiest process of the generator, mean after the ramp",
    ),
    "steal": ("%", "CPU time that the hypervisor gave to others, mean after the ramp"),
}
"""Unit and meaning of each figure in summary.json. A condition may name any of these figures."""

UNITS: dict[str, dict[str, float]] = {
    "ms": {"": 1, "us": 0.001, "µs": 0.001, "ms": 1, "s": 1_000},
    "%": {"": 1, "%": 1},
    "MB": {"": 1, "KB": 0.001, "MB": 1, "GB": 1_000},
    "Mbps": {"": 1, "kbps": 0.001, "Mbps": 1, "Gbps": 1_000},
    "": {"": 1},
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition of `--fail-if`. A run fails if the condition is true, or if the figure in the
    condition was not measured.
    """

    text: str
    metric: str
    operator: str
    limit: float
    """The limit, in the unit of the figure `metric`."""

    def failure(self, figures: Mapping[str, float | None]) -> str | None:
        """Returns the reason why this condition makes the run fail. Returns None if this condition
        does not make the run fail.
        """
        value = figures.get(self.metric)
        unit = METRICS[self.metric][0]
        if value is None:
            return f"{self.text}: {self.metric} was not measured"
        compared = {
            ">": value > self.limit,
            ">=": value >= self.limit,
            "<": value < self.limit,
            "<=": value <= self.limit,
        }
        return (
            f"{self.text}: {self.metric} is {value:.4g} {unit}".rstrip()
            if compared[self.operator]
            else None
        )


def parse_condition(text: str) -> Condition:
    """Parses the text of a condition: the name of a figure, an operator (> >= < <=), a number and
    an optional unit. Raises BadInput.
    """
    found = re.fullmatch(
        r"\s*([a-z_0-9]+)\s*(>=|<=|>|<)\s*([0-9]+(?:\.[0-9]+)?)\s*([a-zµ%]*)\s*",
        text,
        re.IGNORECASE,
    )
    if found is None:
        raise BadInput(f'--fail-if {text!r}: write the condition as "p99>50ms"')
    name, operator, number, unit = found.groups()
    if name not in METRICS:
        raise BadInput(
            f"--fail-if {text!r}: there is no figure {name}; the figures are {', '.join(METRICS)}"
        )
    units = UNITS[METRICS[name][0]]
    factor = next(
        (factor for known, factor in units.items() if known.lower() == unit.lower()), None
    )
    if factor is None:
        raise BadInput(
            f"--fail-if {text!r}: {name} has no unit {unit}"
            + (f"; it has {', '.join(known for known in units if known)}" if len(units) > 1 else "")
        )
    return Condition(text.strip(), name, operator, float(number) * factor)
