"""The figures of an estimate as rows of text. Pure."""

from collections.abc import Iterator, Mapping

from scripts.planner.constants import Constants, rows
from scripts.planner.estimate import Estimate, Plan
from scripts.planner.world import NAMES

Rows = list[list[str]]


def summary_lines(estimate: Estimate) -> Iterator[str]:
    """Yields sentences about the figures that no placement changes."""
    world, audiences, paths = estimate.world, estimate.audiences, estimate.world.viewers.paths
    shares = ", ".join(
        f"{share:.0%} {name}"
        for name, share in (
            ("WebSocket with TLS", paths.websocket_tls),
            ("WebSocket", paths.websocket),
            ("WebRTC", paths.whep),
            ("LL-HLS", paths.hls),
        )
        if share
    )
    yield (
        f"{world.rooms.count:,} {'room' if world.rooms.count == 1 else 'rooms'} at "
        f"{world.rooms.kbps:g} kbps, {world.rooms.recorded:.0%} recorded; "
        f"{world.viewers.count:,} viewers ({shares})."
    )
    if world.rooms.count > 1:
        yield (
            f"Zipf exponent {world.viewers.zipf:g}: the largest audience is "
            f"{audiences.largest:,}, the median {audiences.median:,}; {audiences.unwatched:,} "
            "rooms have no viewer."
        )
    box = world.box
    yield (
        f"A box has {box.cores} cores (used up to {box.core_share:.0%}), {box.nodes} nodes behind "
        f"one address, {box.memory_gib:g} GiB ({box.memory_share:.0%}) and {box.nic_gbps:g} Gbps "
        f"({box.nic_share:.0%})."
    )
    yield (
        f"Egress {amount(estimate.egress_gbps)} Gbps, ingest {amount(estimate.ingest_gbps)} Gbps, "
        f"joins {amount(estimate.joins_gbps)} Gbps at the worst moment."
    )
    if estimate.egress_hour:
        yield (
            f"Egress per hour: {estimate.egress_gbps / 8 * 3600:,.0f} GB, "
            f"{estimate.egress_hour:,.0f} {world.prices.currency}."
        )


def plan_rows(estimate: Estimate) -> Rows:
    """Returns the table of the placements. The first row has the titles."""
    plans = estimate.plans
    currency = estimate.world.prices.currency
    table = [["", *(_title(estimate, plan) for plan in plans)]]

    def row(title: str, cells: Iterator[str]) -> None:
        table.append([title, *cells])

    row("boxes", (f"{plan.boxes:,}" for plan in plans))
    row("limit", (plan.limit for plan in plans))
    row("cores to provide", (amount(plan.cores) for plan in plans))
    for use in plans[0].busy:
        row(f"busy cores: {use}", (amount(plan.busy[use]) for plan in plans))
    row("memory, GB", (amount(plan.memory_gb) for plan in plans))
    row("viewers at the origin's box", (f"{plan.at_origin:.0%}" for plan in plans))
    row("feeds between boxes", (amount(plan.feeds) for plan in plans))
    row("feeds within boxes", (amount(plan.inner_feeds) for plan in plans))
    row("between boxes, Gbps", (amount(plan.between_gbps) for plan in plans))
    row("NATS: copies a second", (amount(plan.nats_messages) for plan in plans))
    row("NATS: in and out, Gbps", (amount(plan.nats_gbps) for plan in plans))
    row("NATS: cores", (amount(plan.nats_cores) for plan in plans))
    row("NATS: boxes", (f"{plan.nats_boxes:,}" for plan in plans))
    row(f"cost per hour, {currency}", (f"{plan.cost_hour:,.0f}" for plan in plans))
    return table


def constant_rows(constants: Constants, sources: Mapping[str, str]) -> Rows:
    table = [["constant", "value", "of", "source"]]
    for row in rows(constants, sources):
        table.append([row.name, f"{row.value:.3g} {row.unit}", row.meaning, row.source])
    return table


def amount(value: float) -> str:
    """Returns the number with three digits, or as a whole number if it has more."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _title(estimate: Estimate, plan: Plan) -> str:
    chosen = plan.placement == estimate.world.placement and len(estimate.plans) > 1
    return f"{NAMES[plan.placement]}{' (chosen)' if chosen else ''}"
