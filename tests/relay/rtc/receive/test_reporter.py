"""Feedback to a sender, parsed by aiortc."""

from itertools import pairwise

from aiortc.rtp import RtcpPacket, RtcpPsfbPacket, RtcpRrPacket, RtcpRtpfbPacket, unpack_remb_fci

from relay.rtc.receive.estimate import BitrateEstimate
from relay.rtc.receive.reporter import MAX_SSRCS, REPORT_EVERY, Reporter
from relay.rtc.receive.rtcp import SenderReport
from relay.rtc.receive.twcc import EVERY
from relay.rtc.rtp import RtpPacket


def packet(sequence: int, ssrc: int = 5) -> RtpPacket:
    return RtpPacket(96, False, sequence & 0xFFFF, 0, ssrc, b"x", sequence & 0xFFFF)


def receive(reporter: Reporter, each: RtpPacket, now: float, clock_rate: int) -> None:
    """Counts a packet, as the session does."""
    statistics = reporter.statistics.get(each.ssrc)
    (statistics or reporter.add_source(each.ssrc, clock_rate)).add(each, now)


def test_reports_name_their_sources_and_the_cap() -> None:
    """Reports go five times a second. They have the bitrate cap once there is video, and again for
    a new source.
    """
    reporter = Reporter(3_000_000)
    receive(reporter, packet(1, 5), 10.0, 90_000)
    receive(reporter, packet(1, 6), 10.0, 48_000)
    reporter.receive_report(SenderReport(5, 0.0, 0, 0x1234), 10.0)
    reporter.receive_report(SenderReport(99, 0.0, 0, 1), 10.0)
    (report,) = RtcpPacket.parse(reporter.report(10.0, None))
    assert isinstance(report, RtcpRrPacket) and [
        (each.ssrc, each.lsr) for each in report.reports
    ] == [(5, 0x1234), (6, 0)]
    assert reporter.report(10.0 + REPORT_EVERY / 2, 5) == b""
    reporter.make_report_due()
    _, cap = RtcpPacket.parse(reporter.report(10.0 + REPORT_EVERY / 2, 5))
    assert isinstance(cap, RtcpPsfbPacket) and unpack_remb_fci(cap.fci)[1] == [5]


def test_a_falling_estimate_is_sent_at_once() -> None:
    """The estimate replaces the cap, and a report with a lower estimate does not wait; without an
    estimate nothing changes.
    """
    reporter = Reporter(3_000_000, BitrateEstimate(3_000_000, timed=False))
    now, told = 10.0, []
    for number in range(120):
        now += 0.033 + 0.01 * (number > 60)  # the queue grows by 10 ms per frame
        reporter.receive_video(RtpPacket(96, True, number, number * 2_970, 5, bytes(1_100)), now)
        if report := reporter.report(now, 5):
            _, asked = RtcpPacket.parse(report)
            assert isinstance(asked, RtcpPsfbPacket)
            told.append((now, unpack_remb_fci(asked.fci)[0]))
    assert told[0][1] == 3_000_000 and told[-1][1] < 500_000
    assert min(after - before for (before, _), (after, _) in pairwise(told)) < REPORT_EVERY
    plain = Reporter(3_000_000)
    plain.receive_video(packet(1), 10.0)


def requested(reporter: Reporter, now: float) -> int:
    """Returns the bitrate in the report, bit/s."""
    _, asked = RtcpPacket.parse(reporter.report(now, 5))
    assert isinstance(asked, RtcpPsfbPacket)
    return int(unpack_remb_fci(asked.fci)[0])


def test_a_limit_is_sent_at_once_and_never_exceeds_the_cap() -> None:
    estimate = BitrateEstimate(3_000_000, timed=False)
    for reporter in (Reporter(3_000_000), Reporter(3_000_000, estimate)):
        assert requested(reporter, 10.0) == 3_000_000
        reporter.limit_bitrate(150_000)
        assert requested(reporter, 10.01) == 150_000
        reporter.limit_bitrate(150_000)
        assert reporter.report(10.02, 5) == b""
        reporter.limit_bitrate(9_000_000)
        assert requested(reporter, 10.03) == 3_000_000


def test_a_limit_that_ends_while_the_cap_is_lower_leaves_nothing_behind() -> None:
    """The policer lowers the cap for a few seconds; meanwhile the overload of the server ends."""
    reporter = Reporter(3_000_000)
    reporter.limit_bitrate(300_000)
    reporter.bitrate_cap = 400_000
    reporter.limit_bitrate(3_000_000)
    assert requested(reporter, 10.0) == 400_000
    reporter.bitrate_cap = 3_000_000
    assert requested(reporter, 10.0 + 2 * REPORT_EVERY) == 3_000_000


def test_sources_are_bounded() -> None:
    """For a sender that keeps changing its SSRCs, reports have the last four."""
    reporter = Reporter(1)
    for ssrc in range(100):
        receive(reporter, packet(1, ssrc), 1.0, 90_000)
    (report,) = RtcpPacket.parse(reporter.report(1.0, None))
    assert isinstance(report, RtcpRrPacket) and [each.ssrc for each in report.reports] == list(
        range(100 - MAX_SSRCS, 100)
    )


def test_a_keyframe_request_needs_a_source() -> None:
    """A PLI must have the SSRC, so there is none before it is known."""
    reporter = Reporter(1)
    assert reporter.keyframe_request(1.0, None) == b""
    _, request = RtcpPacket.parse(reporter.keyframe_request(1.0, 5))
    assert isinstance(request, RtcpPsfbPacket) and (request.fmt, request.media_ssrc) == (1, 5)
    assert reporter.keyframe_request(1.1, 5) == b""


def test_transport_wide_feedback() -> None:
    """It has a media SSRC, and is not sent if no packet was numbered."""
    reporter = Reporter(1)
    assert reporter.arrivals(1.0) == []
    receive(reporter, packet(1), 1.0, 90_000)
    reporter.transport.receive(7, 1.0)
    (report,) = reporter.arrivals(1.0)
    (parsed,) = RtcpPacket.parse(report)
    assert isinstance(parsed, RtcpRtpfbPacket) and (parsed.fmt, parsed.media_ssrc) == (15, 5)
    reporter.transport.receive(8, 1.01)
    assert reporter.arrivals(1.01) == [] and len(reporter.arrivals(1.01 + EVERY)) == 1
