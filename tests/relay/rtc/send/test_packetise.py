"""Packetising H.264 and depacketising it again."""

from hypothesis import given, settings
from hypothesis import strategies as st

from relay.media import h264
from relay.rtc.receive.depacketise import depacketise, starts_idr
from relay.rtc.send.packetise import MAX_PAYLOAD, packetise, split
from tests.fixtures.media import access_units, parameter_sets

_sizes = st.one_of(
    st.integers(1, 40),
    st.integers(MAX_PAYLOAD - 3, MAX_PAYLOAD + 3),
    st.integers(2, 4).flatmap(lambda n: _around(n)),
    st.integers(1, 6_000),
)


def _around(count: int) -> st.SearchStrategy[int]:
    step = MAX_PAYLOAD - 2
    return st.integers(count * step - 1, count * step + 2)


nals = st.builds(
    lambda kind, size, fill: bytes((kind,)) + bytes((fill,)) * (size - 1),
    st.sampled_from((0x41, 0x65, 0x01, 0x06)),
    _sizes,
    st.integers(0, 255),
)
sets = st.lists(
    st.builds(
        lambda kind, size: bytes((kind,)) * size, st.sampled_from((0x67, 0x68)), st.integers(1, 700)
    ),
    max_size=3,
)


def joined(units: list[bytes]) -> bytes:
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


@settings(deadline=None)
@given(sets, st.lists(nals, max_size=4))
def test_depacketise_reverses_packetise(parameters: list[bytes], units: list[bytes]) -> None:
    payloads = packetise(joined(units), parameters)
    assert depacketise(payloads) == parameters + units
    assert all(0 < len(payload) <= MAX_PAYLOAD for payload in payloads)


@settings(deadline=None)
@given(nals.filter(lambda nal: len(nal) > MAX_PAYLOAD))
def test_all_fragments_but_the_last_have_one_size(nal: bytes) -> None:
    """UDP_SEGMENT needs equal datagrams."""
    sizes = [len(payload) for payload in packetise(joined([nal]))]
    assert set(sizes[:-1]) == {MAX_PAYLOAD} and sizes[-1] <= MAX_PAYLOAD


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    assert all(packetise(data))
    assert all(split(data))


def test_an_idr_of_a_real_encoder_begins_with_its_parameter_sets() -> None:
    unit = h264.access_unit(access_units(320, 240, 1)[0])
    payloads = packetise(unit.data, parameter_sets(320, 240))
    assert starts_idr(payloads[0])
    again = h264.access_unit(depacketise(payloads))
    assert (again.data, again.key, again.disposable) == (unit.data, unit.key, unit.disposable)
    assert again.sps + again.pps == b"".join(parameter_sets(320, 240))
