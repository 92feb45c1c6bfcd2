"""The log of refused requests: which refusals get a line, and how many."""

from server.http.refusal_log import IN_ALL, PER_ADDRESS, RefusalLog


def line(log: RefusalLog, address: str, now: float = 0.0, status: int = 403) -> str | None:
    return log.line(status, "wrong_token", address, "POST", "/api/rooms", now)


def test_a_line_names_the_address_and_the_route() -> None:
    log = RefusalLog()
    assert line(log, "192.0.2.1") == "refused 192.0.2.1 with 403 wrong_token: POST /api/rooms"
    assert line(log, "192.0.2.1", status=404) is None


def test_a_client_cannot_fill_the_log() -> None:
    """The limit holds for one address and for many. A later line counts the omitted lines."""
    log = RefusalLog()
    assert sum(bool(line(log, "192.0.2.1")) for _ in range(100)) == PER_ADDRESS
    lines = [line(log, f"198.51.{n}.1") for n in range(100)]
    assert sum(map(bool, lines)) == IN_ALL - PER_ADDRESS
    assert f"({100 - PER_ADDRESS} earlier refusals were not logged)" in (lines[0] or "")
    assert line(log, "203.0.113.1", 60.0)
