"""Captures the RTP packets that creators' browsers send, before any packet is lost. RTP headers are
not encrypted.
"""

import socket
import struct
import threading
import time
from collections import defaultdict
from dataclasses import dataclass

ALL_PROTOCOLS = 0x0003
SO_TIMESTAMPNS = 35
"""Number of the Linux socket option SO_TIMESTAMPNS, which Python's socket module lacks."""
SOL_PACKET, PACKET_OUTGOING = 263, 4


@dataclass(frozen=True, slots=True)
class Packet:
    at: float
    """Arrival time of the packet, in seconds of `time.monotonic`."""
    ssrc: int
    timestamp: int
    size: int


class PacketCapture:
    """Records every RTP packet that arrives at an interface, before the firewall can drop the
    packet. Use `with PacketCapture("near") as capture:`. Groups the packets by destination port.
    """

    def __init__(self, interface: str) -> None:
        self._packets: dict[int, list[Packet]] = defaultdict(list)
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
        self._socket.bind((interface, 0))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.settimeout(0.2)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="capture")

    def __enter__(self) -> "PacketCapture":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._socket.close()

    def packets(self, port: int) -> list[Packet]:
        return list(self._packets[port])

    def frames(self, port: int, since: float) -> list[float]:
        """Returns the arrival time of each frame's first packet. Ignores packets before `since`,
        which may belong to another creator.
        """
        packets = [packet for packet in self.packets(port) if packet.at >= since]
        sizes: dict[int, int] = defaultdict(int)
        for packet in packets:
            sizes[packet.ssrc] += packet.size
        video = max(sizes, key=lambda ssrc: sizes[ssrc], default=0)
        seen: set[int] = set()
        moments = []
        for packet in packets:
            if packet.ssrc == video and packet.timestamp not in seen:
                seen.add(packet.timestamp)
                moments.append(packet.at)
        return moments

    def _listen(self) -> None:
        offset = time.time() - time.monotonic()
        while not self._ended.is_set():
            try:
                data, ancillary, _, address = self._socket.recvmsg(2_048, 64)
            except TimeoutError:
                continue
            if address[2] != PACKET_OUTGOING:
                self._note(data, ancillary, offset)

    def _note(self, data: bytes, ancillary: list[tuple[int, int, bytes]], offset: float) -> None:
        # Accept only IPv4 packets that contain UDP and have no IP options.
        if len(data) < 54 or data[12:14] != b"\x08\x00" or data[14] != 0x45 or data[23] != 17:
            return
        rtp = data[42:]
        if not 127 < rtp[0] < 192 or 191 < rtp[1] < 224:
            return
        seconds, nanoseconds = struct.unpack("@ll", ancillary[0][2][:16])
        port = int.from_bytes(data[36:38], "big")
        timestamp, ssrc = struct.unpack_from("!II", rtp, 4)
        self._packets[port].append(
            Packet(seconds + nanoseconds / 1e9 - offset, ssrc, timestamp, len(data))
        )
