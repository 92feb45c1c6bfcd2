"""Log records as lines of JSON."""

import json
import logging
import sys
from typing import Any

import pytest

from server.host.json_log import EXCEPTION_MOST, MESSAGE_MOST, JsonFormatter


def line(message: object, *args: object, error: BaseException | None = None, **more: Any) -> str:
    found = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("server.rooms", logging.INFO, "f.py", 1, message, args, found)
    record.created = 1_795_813_445.678
    return JsonFormatter(**more).format(record)


def fields(message: object, *args: object, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(line(message, *args, **more))
    return found


def test_a_line() -> None:
    assert fields("room %s: session %d connected", "k3v9x2", 2, node="a-1") == {
        "time": "2026-11-27T21:04:05.678Z",
        "level": "info",
        "logger": "server.rooms",
        "message": "room k3v9x2: session 2 connected",
        "node": "a-1",
        "room": "k3v9x2",
        "session": 2,
    }


@pytest.mark.parametrize(
    ("message", "args", "room"),
    [
        ("%d of %s: replay of room %s: %s", (1, "a", "k3v9x2", "b"), "k3v9x2"),
        ("100 %% in room %s", ("k3v9x2",), "k3v9x2"),
        ("%.0f %% in room %s", (1.5, "k3v9x2"), "k3v9x2"),
        ("stream %s: a viewer left", ("k3v9x2",), "k3v9x2"),
        ("channel %s: a viewer was dropped", ("k3v9x2",), "k3v9x2"),
        ("blocked %s", ("192.0.2.1",), None),
        ("room k3v9x2", (), None),
        ("%(room)s", ({"room": "k3v9x2"},), None),
    ],
)
def test_the_room_is_the_argument_after_its_name(
    message: str, args: tuple[object, ...], room: str | None
) -> None:
    assert fields(message, *args).get("room") == room


def test_an_exception_is_one_field() -> None:
    try:
        raise ValueError("first\nsecond")
    except ValueError as error:
        text = line("room %s", "k3v9x2", error=error)
    assert "\n" not in text
    found = json.loads(text)
    assert found["exception"].startswith("Traceback")
    assert found["exception"].endswith("ValueError: first\nsecond")


@pytest.mark.parametrize("character", ["a", "\n", "한", "\x00", "🎥", "\ud800"])
def test_a_line_has_a_bound(character: str) -> None:
    error = ValueError(100_000 * character + "end")
    room = 1_000 * character
    text = line("room %s: %s", room, 100_000 * character, error=error, node="n" * 40)
    assert len(text.encode()) < 16_384
    assert text.isascii()
    found = json.loads(text)
    assert MESSAGE_MOST - 12 < len(json.dumps(found["message"])) <= MESSAGE_MOST
    assert EXCEPTION_MOST - 12 < len(json.dumps(found["exception"])) <= EXCEPTION_MOST
    assert found["exception"].endswith("end")
    assert found["message"].startswith("room ")


def test_what_is_logged_need_not_be_text() -> None:
    assert fields(OSError("no")) == fields("no")
    assert fields("room %s", None)["room"] == "None"


def test_the_log_of_libraries(capsys: pytest.CaptureFixture[str]) -> None:
    logger, handler = logging.getLogger("tests.json"), logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logger.addHandler(handler)
    logger.propagate = False
    try:
        logger.warning("a\nb")
    finally:
        logger.removeHandler(handler)
    (text,) = capsys.readouterr().err.splitlines()
    assert json.loads(text)["message"] == "a\nb"
