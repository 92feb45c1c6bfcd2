"""Makes pictures in a confined worker process (relay/worker).

server/clips/picture_messages.py describes the messages.
"""

from typing import BinaryIO

from relay.worker.confinement import cpu_limit
from server.clips.picture_messages import REQUEST, SIZE, answer
from server.clips.pictures import draw

MEMORY = 256 << 20
"""Maximum bytes for one decoder, the decoded keyframes and the encoders."""
NICE = 15
"""Niceness of the worker. The pictures are less urgent than the audio of clips."""
CPU_SECONDS = 10.0
"""Maximum CPU time for one request, seconds. The largest usual request takes a tenth of this
time.
"""


def main(requests: BinaryIO, answers: BinaryIO) -> None:
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        config_size, count, poster, filmstrip = REQUEST.unpack(head)
        config = requests.read(config_size)
        keyframes = [requests.read(*SIZE.unpack(requests.read(SIZE.size))) for _ in range(count)]
        with cpu_limit(CPU_SECONDS):
            pictures = draw(config, keyframes, poster, bool(filmstrip))
        answers.write(answer(pictures))
        answers.flush()
