"""Which of several video sources is taken."""

from relay.rtc.receive.takeover import (
    CONTESTED_FOR,
    FRAMES,
    MAX_CANDIDATES,
    SILENT_FOR,
    Takeover,
)
from relay.rtc.rtp import RtpPacket


def packet(frame: int, ssrc: int = 2) -> RtpPacket:
    return RtpPacket(96, True, frame, 3_000 * frame, ssrc, b"x")


def test_a_source_that_sends_alone_takes_over() -> None:
    takeover = Takeover()
    times = [1.1 + frame / 30 for frame in range(30)]
    taken = [takeover.receive(packet(n), now, 1.0) for n, now in enumerate(times)]
    assert times[taken.index(True)] - 1.0 >= SILENT_FOR > times[taken.index(True) - 1] - 1.0


def test_sources_that_send_together_change_nothing() -> None:
    """Also at one frame a second, as for a shared screen on which nothing moves."""
    for interval in (1 / 30, 1.0):
        takeover = Takeover()
        assert not takeover.contested(1.0)
        for frame in range(100):
            heard_at = 1.0 + frame * interval
            for ssrc in (2, 3):
                now = heard_at + 0.005 * ssrc
                assert not takeover.receive(packet(frame, ssrc), now, heard_at)
                assert not takeover.receive(packet(frame, ssrc), now, heard_at)
                assert takeover.contested(now + interval)


def test_a_source_that_no_other_disturbs_any_more_is_not_contested() -> None:
    takeover = Takeover()
    assert not takeover.receive(packet(1), 1.0, 1.0)
    assert takeover.contested(1.0 + 0.9 * CONTESTED_FOR)
    assert not takeover.contested(1.0 + CONTESTED_FOR)


def test_the_first_packets_after_an_outage_prove_nothing() -> None:
    """A frame in several packets counts once; each source is counted for itself."""
    takeover, now = Takeover(), 1.0 + 10 * SILENT_FOR
    for _ in range(10):
        assert not takeover.receive(packet(1), now, 1.0)
    for frame in range(2, FRAMES):
        assert not takeover.receive(packet(frame), now, 1.0)
        assert not takeover.receive(packet(frame, ssrc=3), now, 1.0)
    assert takeover.receive(packet(FRAMES), now, 1.0)


def test_frames_before_the_silence_do_not_count() -> None:
    takeover = Takeover()
    for frame in range(FRAMES):
        assert not takeover.receive(packet(frame), 1.0, 1.0)
    assert not takeover.receive(packet(9), 9.0, 2.0)


def test_a_source_that_has_ended_is_replaced_at_once() -> None:
    takeover = Takeover()
    takeover.leave()
    assert takeover.receive(packet(1), 1.0, 1.0)


def test_the_number_of_candidates_is_bounded() -> None:
    takeover = Takeover()
    for ssrc in range(100):
        for frame in range(100):
            assert not takeover.receive(packet(frame, ssrc), 1.0, 1.0)
    assert len(takeover._candidates) == MAX_CANDIDATES
    assert max(map(len, takeover._candidates.values())) == FRAMES
