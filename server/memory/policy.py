"""The rules of the memory budget. Pure.

While little of the budget is used, each stream has its full window. With more use, all windows and
HLS playlists get shorter. A new creator is refused if one more live would not fit into the budget
even with windows of LEAST_SECONDS. A live that has begun always keeps its newest frames.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from relay.client_address import ClientAddress

MEBIBYTE = 1 << 20

RELAXED = 0.7
"""Used share of the budget up to which windows have their full length."""
STRAINED = 0.9
"""Used share of the budget at which windows have a length of LEAST_SECONDS."""
CRITICAL = 0.95
"""Used share of the budget at and above which windows contain only the newest frames. A new creator
is refused if, with this creator, the process would need more than this share.
"""
LEAST_SECONDS = 6.0
"""Length of a window at STRAINED, seconds: two or three keyframe intervals."""
NEWEST_SECONDS = 1.0
"""Length of a window at and above CRITICAL, seconds. Joining viewers do not need a longer window:
they get the burst, for which the channel always keeps all frames since the last keyframe.
"""
SHRINK = 0.8
"""Minimum ratio of a window's new length to its previous length. Long windows shrink in several
steps, because each dropped sample takes time on the event loop.
"""
LEAST_WINDOW_BYTES = MEBIBYTE
"""Lowest size limit of a window, bytes. Every window may reach this size, even if much memory is
used.
"""
LEAST_PLAYLIST_BYTES = 4 * MEBIBYTE
"""Maximum memory of an HLS playlist at and above STRAINED, bytes."""

LIVE_BYTES = 128 * MEBIBYTE
"""Budget in bytes for one live: its window, bursts, packets for WHEP viewers, and HLS playlist."""
LIVE_SHARE, ADDRESS_SHARE, NETWORK_SHARE = 1 / 4, 1 / 2, 3 / 4
"""Maximum shares of the budget: for one live, for all lives from one address, and for all lives
from one network.
"""
WAITING_ADDRESS_SHARE, WAITING_NETWORK_SHARE = 1 / 8, 1 / 4
"""Maximum shares of the budget that unsent bytes may use: the bytes that wait for all WebSocket
viewers of one address, and the bytes that wait for all WebSocket viewers of one network.
"""

SESSION_BYTES = 300_000
"""Memory of a creator's session and room apart from media, bytes."""
BURST_SECONDS = 3.0
"""Duration of the media that a live holds in addition to its window, seconds."""
OVERHEAD = 1.1
"""Ratio of the resident memory to the counted bytes, measured with 50 creators."""

RETRY = 15.0
"""Seconds after which a refused creator may try again."""


def window_seconds(use: float, longest: float) -> float:
    """Returns the length of the windows. `use`: used share of the budget; `longest`: full length
    of a window, seconds.
    """
    least = min(LEAST_SECONDS, longest)
    newest = min(NEWEST_SECONDS, least)
    if use <= RELAXED:
        return longest
    if use < STRAINED:
        return longest - (longest - least) * (use - RELAXED) / (STRAINED - RELAXED)
    if use < CRITICAL:
        return least - (least - newest) * (use - STRAINED) / (CRITICAL - STRAINED)
    return newest


def playlist_bytes(use: float, most: int) -> int:
    """Returns the maximum memory of an HLS playlist. `use`: used share of the budget; `most`: usual
    maximum, bytes.
    """
    least = min(LEAST_PLAYLIST_BYTES, most)
    share = min(1.0, max(0.0, (STRAINED - use) / (STRAINED - RELAXED)))
    return round(least + (most - least) * share)


@dataclass(frozen=True, slots=True)
class Live:
    """The memory that one live stream uses, bytes."""

    creator: ClientAddress
    window: int
    rest: int
    """Memory of the live stream apart from its window."""
    bitrate: float = 0.0
    """Bitrate of the stream, bit/s."""

    @property
    def held(self) -> int:
        return self.window + self.rest


def window_limits(lives: Sequence[Live], budget: int, most: int) -> list[int]:
    """Returns the maximum size of the window of each live. `budget`: bytes; `most`: usual maximum
    of a window, bytes.

    If an address or a network exceeds its share, all lives from this address or network get windows
    of the same size.
    """
    addresses = _sizes([(live.creator.address, live) for live in lives], ADDRESS_SHARE * budget)
    networks = _sizes([(live.creator.network, live) for live in lives], NETWORK_SHARE * budget)
    own = min(LIVE_BYTES, round(LIVE_SHARE * budget))
    return [
        max(
            LEAST_WINDOW_BYTES,
            min(
                most,
                own - live.rest,
                addresses.get(live.creator.address, most),
                networks.get(live.creator.network, most),
            ),
        )
        for live in lives
    ]


def _sizes(lives: Sequence[tuple[str, Live]], most: float) -> dict[str, int]:
    """Returns window sizes for the keys whose lives together use more than `most` bytes. All
    windows of one key get the same size. `lives`: pairs of a key and a live.
    """
    held: Counter[str] = Counter()
    rest: Counter[str] = Counter()
    count: Counter[str] = Counter()
    for key, live in lives:
        held[key] += live.held
        rest[key] += live.rest
        count[key] += 1
    return {
        key: int(most - rest[key]) // count[key]
        for key, total in held.items()
        if key and total > most
    }


class Needs:
    """The memory that the process needs if all windows have a length of LEAST_SECONDS.

    `other`: memory that belongs to no live, bytes. `bitrate`: bitrate at which every creator may
    send, bit/s.
    """

    def __init__(self, other: int, bitrate: float) -> None:
        self.total = other
        self._least = _least_bytes(bitrate)
        self._addresses: Counter[str] = Counter()
        self._networks: Counter[str] = Counter()

    def add(self, live: Live) -> None:
        need = max(self._least, round(OVERHEAD * (live.rest + _least_bytes(live.bitrate))))
        self.total += need
        self._addresses[live.creator.address] += need
        self._networks[live.creator.network] += need

    def places(self, budget: int) -> int:
        """Returns the number of further lives that fit into the budget."""
        return max(0, int((CRITICAL * budget - self.total) / self._least))

    def fits(self, creator: ClientAddress, budget: int) -> bool:
        """Whether one more live of this creator fits into the budget, and into the shares of the
        creator's address and network.
        """
        address, network = creator.address, creator.network
        return (
            self.total + self._least <= CRITICAL * budget
            and (not address or self._addresses[address] + self._least <= ADDRESS_SHARE * budget)
            and (not network or self._networks[network] + self._least <= NETWORK_SHARE * budget)
        )


def _least_bytes(bitrate: float) -> int:
    """Returns the memory of a live whose window has a length of LEAST_SECONDS. `bitrate`: bit/s."""
    return SESSION_BYTES + round(bitrate / 8 * (LEAST_SECONDS + BURST_SECONDS))


def excessive_viewers(waiting: Sequence[tuple[ClientAddress, int]], budget: int) -> list[int]:
    """Returns the indexes of the viewers that must be disconnected so that the bytes that wait for
    each address and for each network do not exceed the allowed share of the budget. `waiting`:
    address and waiting bytes of each viewer.
    """
    addresses: Counter[str] = Counter()
    networks: Counter[str] = Counter()
    for client, size in waiting:
        addresses[client.address] += size
        networks[client.network] += size
    chosen = []
    for index in sorted(range(len(waiting)), key=lambda index: -waiting[index][1]):
        client, size = waiting[index]
        if (
            addresses[client.address] > WAITING_ADDRESS_SHARE * budget
            or networks[client.network] > WAITING_NETWORK_SHARE * budget
        ):
            chosen.append(index)
            addresses[client.address] -= size
            networks[client.network] -= size
    return chosen
