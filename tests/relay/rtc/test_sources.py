"""The SSRCs of one peer."""

from relay.rtc.sources import BURST, MAX_SOURCES, PER_SECOND, Sources


def ssrc(number: int) -> bytes:
    return number.to_bytes(4, "big")


def test_authentic_sources_are_limited() -> None:
    sources = Sources()
    for number in range(BURST):
        assert sources.admit(ssrc(number), 10.0)
        sources.add(ssrc(number), 10.0)
    assert not sources.admit(ssrc(BURST), 10.0)
    assert sources.admit(ssrc(0), 10.0), "a known source is not limited"
    assert sources.admit(ssrc(BURST), 10.0 + 1 / PER_SECOND)


def test_forged_packets_do_not_use_up_the_limit() -> None:
    sources = Sources()
    assert all(sources.admit(ssrc(number), 10.0) for number in range(10 * BURST))


def test_sources_are_bounded_over_any_time() -> None:
    sources = Sources()
    for number in range(2 * MAX_SOURCES):
        if sources.admit(ssrc(number), 1_000.0 * number):
            sources.add(ssrc(number), 1_000.0 * number)
    assert len(sources.known) == MAX_SOURCES
