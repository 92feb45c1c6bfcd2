"""When free memory is returned to the system."""

from server.memory.trim import EVERY, EVERY_MAX, LEAST_GAIN, TrimSchedule

MB = 1_000_000


def test_memory_is_returned_once_enough_is_free() -> None:
    trims = TrimSchedule(100 * MB, 0)
    assert not trims.due(100 * MB + LEAST_GAIN, 0, EVERY)
    assert trims.due(101 * MB + LEAST_GAIN, 0, EVERY)
    assert not trims.due(101 * MB + LEAST_GAIN, 0, EVERY - 1)
    assert not trims.due(101 * MB + LEAST_GAIN, 2 * MB, EVERY)
    assert not trims.due(1_100 * MB, 950 * MB, EVERY), "the share of a large process"


def test_an_attempt_with_effect_is_repeated_soon() -> None:
    trims = TrimSchedule(100 * MB, 0)
    trims.trimmed(900 * MB, 120 * MB, 10)
    assert trims.due(900 * MB, 0, 10 + EVERY)


def test_attempts_without_effect_become_rare() -> None:
    """They do not stop, since memory that could not be returned during an attack can be returned
    after it.
    """
    trims = TrimSchedule(100 * MB, 0)
    now = EVERY
    trims.trimmed(200 * MB, 199 * MB, now)
    assert not trims.due(900 * MB, 0, now + EVERY)
    assert trims.due(200 * MB, 0, now + 2 * EVERY)
    for _ in range(20):
        trims.trimmed(200 * MB, 199 * MB, now)
    assert not trims.due(900 * MB, 0, now + EVERY_MAX - 0.1)
    assert trims.due(200 * MB, 0, now + EVERY_MAX)
