"""The server's requests to an AAC encoder, and the answers that it accepts."""

import io
import itertools

import pytest

from relay.errors import BitstreamError
from relay.hls import aac_worker
from relay.hls.aac_messages import COUNT, MAX_PACKETS, answer, max_answer, read_answer, request
from relay.media.aac import AacTimeline
from tests.fixtures.media import opus_packets, sound_sample


def test_a_worker_answers_each_packet() -> None:
    """Of two requests over a pipe, each gets the frames of its packets, within the limits."""
    timeline = AacTimeline()
    samples = [sound_sample(n * 960, data=data) for n, data in enumerate(opus_packets(60))]
    packets = list(timeline.packets(samples))
    halves = packets[:MAX_PACKETS], packets[MAX_PACKETS:]
    answers = io.BytesIO()
    aac_worker.main(io.BytesIO(b"".join(map(request, halves))), answers)
    answers.seek(0)
    found = []
    for half in halves:
        (size,) = COUNT.unpack(answers.read(COUNT.size))
        assert size <= max_answer(half)
        found += read_answer(answers.read(size), len(half))
    assert not answers.read()
    frames = list(itertools.chain(*(map(timeline.frames, packets, found))))
    assert 60 * 960 // 1_024 - 4 <= len(frames) <= 60 * 960 // 1_024


def test_an_answer_and_its_reader() -> None:
    frames = [(0, b"a"), (2, b""), (2, b"ccc")]
    body = answer(frames)[COUNT.size :]
    assert COUNT.unpack(answer(frames)[: COUNT.size]) == (len(body),)
    assert read_answer(body, 3) == [[b"a"], [], [b"", b"ccc"]]


@pytest.mark.parametrize(
    "body", [b"\0", answer([(1, b"a")])[COUNT.size :], answer([(0, b"abc")])[COUNT.size : -1]]
)
def test_answers_that_are_refused(body: bytes) -> None:
    """They are truncated, or belong to a packet that does not exist."""
    with pytest.raises(BitstreamError):
        read_answer(body, 1)
