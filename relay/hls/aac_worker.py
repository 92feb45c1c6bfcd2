"""An AAC encoder in a confined worker process (relay/worker).

relay/hls/aac_messages.py describes the messages.
"""

from typing import BinaryIO

from relay.hls.aac_encoder import AacEncoder
from relay.hls.aac_messages import COUNT, PACKET, answer
from relay.worker.confinement import cpu_limit

MEMORY = 64 << 20
NICE = 15
"""Niceness of the worker. On a core that the server uses fully, one worker still gets 3 % of the
core's time. An encoder needs half of this time. If 40 workers are busy on one core, the server
still gets 40 % of the core's time.
"""
CPU_SECONDS = 1.0
"""Maximum CPU time for one request, seconds. The largest request in normal operation takes a
thirtieth of this time.
"""


def main(requests: BinaryIO, answers: BinaryIO, coder: str = "twoloop") -> None:
    """`coder`: see AacEncoder."""
    encoder = AacEncoder(coder)
    while len(head := requests.read(COUNT.size)) == COUNT.size:
        packets = [_read_packet(requests) for _ in range(COUNT.unpack(head)[0])]
        frames: list[tuple[int, bytes]] = []
        with cpu_limit(CPU_SECONDS):
            for index, (data, duration, restarts) in enumerate(packets):
                if restarts:
                    encoder.restart()
                frames += [(index, frame) for frame in encoder.encode(data, duration)]
        answers.write(answer(frames))
        answers.flush()


def _read_packet(requests: BinaryIO) -> tuple[bytes, int, bool]:
    size, duration, restarts = PACKET.unpack(requests.read(PACKET.size))
    return requests.read(size), duration, bool(restarts)
