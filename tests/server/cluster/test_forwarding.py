"""Requests that one node forwards to another, on a real NATS."""

import pytest

from server.cluster.asking import BadMessage
from server.cluster.forwarding import PART_SIZE, Forwarding
from server.cluster.http_messages import (
    AnswerPart,
    AnswerStart,
    ForwardedAnswer,
    ForwardedRequest,
    read_part,
    read_request,
    read_start,
    write_answer,
    write_request,
)
from server.errors import Unavailable
from tests.server.cluster.conftest import Connect

REQUEST = ForwardedRequest(
    "GET", "/hls/room/a?b=c", (("A", "b"), ("A", "ç")), "192.0.2.1", "https", "h:1", b"\n\0body"
)
ANSWER = ForwardedAnswer(200, (("Content-Type", "video/mp4"),), b"0123456789")


def test_a_request_is_read_as_it_was_written() -> None:
    assert read_request(write_request(REQUEST, "id", "one-1")) == (REQUEST, "id", "one-1")


def test_an_answer_has_several_parts() -> None:
    first, *others = write_answer(ANSWER, "id", 4)
    assert read_start(first) == AnswerStart(200, ANSWER.headers, 10, b"0123")
    assert [read_part(part) for part in others] == [
        AnswerPart("id", 4, b"4567"),
        AnswerPart("id", 8, b"89"),
    ]


@pytest.mark.parametrize("data", [b"", b"{}\n", b'{"v":2}\n', b'{"v":1}\nbody', b"[1]\n"])
def test_other_messages_are_refused(data: bytes) -> None:
    for read in (read_request, read_start, read_part):
        with pytest.raises(BadMessage):
            read(data)


async def test_another_node_answers(connect: Connect) -> None:
    body, seen = bytes(range(256)) * (3 * PART_SIZE // 256) + b"end", list[ForwardedRequest]()

    async def respond(request: ForwardedRequest) -> ForwardedAnswer:
        seen.append(request)
        return ForwardedAnswer(206, ANSWER.headers, body)

    one = Forwarding(await connect("one-1"), "one-1")
    two = Forwarding(await connect("two-2"), "two-2")
    for node in (one, two):
        await node.open(respond)
        await node._connection.flush()
    assert await one.forward("two-2", REQUEST) == ForwardedAnswer(206, ANSWER.headers, body)
    assert seen == [REQUEST]
    assert not one._waiting
    with pytest.raises(Unavailable):
        await one.forward("gone-3", REQUEST)
