"""The table of all attacks."""

from collections.abc import Callable
from dataclasses import dataclass

from scripts.benchmarks.hostile import (
    connections,
    creator_packets,
    handshakes,
    many_lives,
    requests,
    viewer_feedback,
)
from scripts.benchmarks.hostile.arena import Attack

TOKEN = "a-token-for-the-benchmark"


@dataclass(frozen=True, slots=True)
class Row:
    """One attack."""

    name: str
    finding: str
    """Number of the finding in the security review, for example `H1`; empty if the attack belongs
    to no finding.
    """
    title: str
    attack: Callable[[], Attack]
    options: tuple[str, ...] = ()
    """Options of the server."""
    token: str = ""
    """Token with which the yardstick creates its room."""
    tls: bool = False
    hold: float = 0.0
    """Minimum duration of the attack, seconds. The attack must outlast the server's timeout that
    ends it. 0 if no timeout ends the attack.
    """

    def duration(self, seconds: float) -> float:
        return max(seconds, self.hold)


ROWS = (
    Row(
        "transport-jumps",
        "H1",
        "a creator skips up to 2,000 transport-wide numbers before each of 1,000 packets/s",
        creator_packets.TransportJumps,
    ),
    Row(
        "endless-unit",
        "H5a",
        "a creator sends an access unit without an end, 2,000 packets/s",
        creator_packets.EndlessUnit,
    ),
    Row("heavy-creator", "H5b", "a creator sends 50 Mbps", creator_packets.HeavyCreator),
    Row(
        "tiny-sounds",
        "H5d",
        "a creator sends 4,000 audio packets/s of 5 bytes",
        creator_packets.TinySounds,
    ),
    Row(
        "tiny-units",
        "H5d",
        "a creator sends 3,000 access units/s of 1 byte",
        creator_packets.TinyUnits,
    ),
    Row(
        "keyframes-behind-hole",
        "H6a",
        "a creator sends 250 starts of keyframes behind a missing packet, 4 times a second",
        creator_packets.KeyframesBehindHole,
    ),
    Row(
        "sequence-jumps",
        "H6b",
        "a creator skips 2,999 sequence numbers before each of 363 packets/s",
        creator_packets.SequenceJumps,
    ),
    Row(
        "long-parameter-sets",
        "H6c",
        "a creator sends 21 parameter sets/s of 4.9 KB",
        creator_packets.LongParameterSets,
    ),
    Row(
        "qr-codes",
        "H3",
        "4 connections request the QR code of a room at full speed",
        requests.UsualQrCodes,
    ),
    Row(
        "qr-codes-long-host",
        "H3",
        "4 connections request QR codes under a Host of 2,200 characters",
        requests.LongHostQrCodes,
    ),
    Row(
        "unread-segments",
        "H4",
        "1,500 connections read nothing of an HLS segment",
        connections.UnreadSegments,
        hold=12.0,
    ),
    Row(
        "missing-bodies",
        "H4",
        "500 requests whose body never comes",
        connections.MissingBodies,
        hold=12.0,
    ),
    Row(
        "slow-bodies",
        "",
        "Slowloris: 500 bodies at one byte a second",
        connections.SlowBodies,
        hold=12.0,
    ),
    Row(
        "slow-headers",
        "",
        "Slowloris: 1,000 requests whose headers never end",
        connections.SlowHeaders,
        hold=12.0,
    ),
    Row("silent-sockets", "", "1,000 connections that send nothing", connections.SilentSockets),
    Row(
        "half-open-tls",
        "",
        "2,000 TLS handshakes that stop after the first message",
        connections.HalfOpenTls,
        tls=True,
        hold=12.0,
    ),
    Row(
        "unread-websockets",
        "",
        "100 WebSocket viewers never read",
        connections.UnreadSockets,
        hold=18.0,
    ),
    Row(
        "unread-hls",
        "",
        "100 HLS viewers never read a segment",
        connections.FewUnreadSegments,
        hold=12.0,
    ),
    Row(
        "unknown-rooms", "L12", "700 requests/s for rooms that do not exist", requests.UnknownRooms
    ),
    Row("metrics", "L12", "4 connections request /metrics at full speed", requests.Metrics),
    Row(
        "wrong-tokens",
        "M6",
        "4 connections guess the create token at full speed",
        requests.WrongTokens,
        options=("--create=token", f"--create-token={TOKEN}"),
        token=TOKEN,
    ),
    Row(
        "many-rooms",
        "M5",
        "5,000 rooms from one /48 through a trusted proxy",
        requests.ManyRooms,
        options=("--trusted-proxies=127.0.0.4",),
    ),
    Row(
        "redirected",
        "H2",
        "a viewer nominates an address that never answers",
        handshakes.Redirected,
    ),
    Row(
        "before-handshake",
        "H2",
        "20 viewers stop after the first message of the handshake",
        handshakes.BeforeHandshake,
    ),
    Row(
        "before-passive-handshake",
        "H2",
        "20 viewers offer setup:passive and answer nothing",
        handshakes.PassiveBeforeHandshake,
    ),
    Row(
        "long-nacks",
        "H7",
        "a viewer sends NACKs of 4,590 numbers at 2.4 Mbit/s",
        viewer_feedback.LongNacks,
    ),
    Row(
        "nack-everything",
        "H7",
        "a viewer requests each packet again ten times",
        viewer_feedback.NackEverything,
    ),
    Row(
        "valid-checks",
        "H7",
        "a viewer sends 8,000 valid connectivity checks/s",
        viewer_feedback.ValidChecks,
    ),
    Row(
        "reports",
        "H7",
        "1,000 WebSockets of one address send 20 reports/s each",
        viewer_feedback.Reports,
    ),
    Row(
        "whep-no-feedback",
        "",
        "30 WHEP viewers send nothing after the handshake",
        viewer_feedback.NoFeedback,
        hold=18.0,
    ),
    Row(
        "silent-transcoding",
        "M1",
        "a creator offers VP8 for 6 rooms and never sends a datagram",
        handshakes.SilentTranscoding,
    ),
    Row(
        "strange-certificate",
        "M2",
        "5 viewers have a certificate of X.509 version 6",
        handshakes.StrangeCertificates,
    ),
    Row(
        "many-hls-lives",
        "M4",
        "41 rooms of one address are played over HLS",
        many_lives.ManyHlsLives,
    ),
    Row(
        "half-open-whep",
        "M9",
        "700 WHEP offers of one address without a handshake",
        handshakes.HalfOpen,
    ),
    Row(
        "half-open-dtls",
        "M9",
        "2,000 DTLS handshakes of 20 addresses that stop after the first message",
        handshakes.HalfOpenDtls,
        hold=12.0,
    ),
)
