"""The packets of one frame in one buffer."""

from relay.rtc.batch import HEADER, Batch
from relay.rtc.rtp import HEADER_SIZE


def test_packets_stand_at_a_fixed_distance_with_space_for_their_tags() -> None:
    """The last packet may be shorter."""
    payloads = [b"a" * 50, b"b" * 50, b"c" * 7]
    batch = Batch(payloads, 0x1234, 90_000, 10, (0, 0, 0x80))
    assert batch.segment == HEADER_SIZE + 50 + 10
    assert batch.packets == [(62, 0), (62, 0), (19, 0x80)]
    assert len(batch.template) == 2 * batch.segment + HEADER_SIZE + 7 + 10
    for index, payload in enumerate(payloads):
        at = index * batch.segment
        assert HEADER.unpack_from(batch.template, at) == (0x80, 0, 0, 90_000, 0x1234)
        size, _ = batch.packets[index]
        assert batch.template[at + HEADER_SIZE : at + size] == payload
        assert batch.template[at + size : at + size + 10] == bytes(10)
