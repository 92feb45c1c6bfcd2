"""Limits of messages, with a clock of the test's own."""

from collections import Counter

from server.social import chat_rate
from server.social.author import Role
from server.social.chat_rate import BURST, EVERY, SHARE_SECONDS, ChatRate, Wait


def write(rate: ChatRate, person: str, now: float, role: Role = Role.GUEST) -> Wait | None:
    """Writes a message if the limits allow it. Returns the refusal."""
    wait = rate.wait(person, role, now)
    if wait is None:
        rate.take(person, role, now)
    return wait


def test_a_person_has_a_burst_and_then_one_message_each_1_5_s() -> None:
    rate = ChatRate(50, 0.0)
    assert [write(rate, "a", 0.0) for _ in range(BURST)] == [None] * BURST
    assert write(rate, "a", 0.0) == Wait(EVERY, crowded=False)
    assert write(rate, "a", 1.0) == Wait(0.5, crowded=False)
    assert write(rate, "a", 1.5) is None
    assert write(rate, "a", 1.5) == Wait(EVERY, crowded=False)
    assert write(rate, "b", 1.5) is None
    accepted = sum(write(rate, "a", 1.5 + tick / 10) is None for tick in range(600))
    assert accepted == int(59.9 / EVERY)


def test_a_refusal_costs_nothing() -> None:
    rate = ChatRate(50, 0.0)
    for _ in range(BURST):
        write(rate, "a", 0.0)
    assert all(rate.wait("a", Role.GUEST, 0.001 * tick) for tick in range(1_000))
    assert write(rate, "a", EVERY) is None


def test_moderators_always_pass_and_use_nothing_up() -> None:
    rate = ChatRate(2, 0.0)
    for role in (Role.CREATOR, Role.MODERATOR):
        assert not any(write(rate, "m", 0.0, role) for _ in range(100))
    assert write(rate, "a", 0.0) is None


def test_a_room_takes_its_rate_from_a_crowd() -> None:
    """Of 300 people who write ten times a second, the room takes 50 messages a second."""
    rate = ChatRate(50, 0.0)
    accepted: Counter[str] = Counter()
    for tick in range(600):  # one minute
        for number in range(300):
            if write(rate, f"p-{number}", tick / 10) is None:
                accepted[f"p-{number}"] += 1
    assert 50 * 55 <= accepted.total() <= 50 * 61


def test_a_crowd_leaves_room_for_people_who_are_known() -> None:
    rate = ChatRate(50, 0.0)
    for tick in range(600):
        for number in range(300):
            write(rate, f"p-{number}", tick / 10)
        if tick % 15 == 0:
            assert write(rate, "friend", tick / 10, Role.KNOWN) is None


def test_a_crowded_room_shares_fairly() -> None:
    """60 people fill the room, each at the rate that one person may have. A person who wrote less
    comes first.
    """
    rate = ChatRate(10, 0.0)
    accepted: Counter[str] = Counter()
    for tick in range(1_000):
        for number in range(60):
            person = f"p-{(number + tick) % 60}"
            if write(rate, person, tick / 10) is None:
                accepted[person] += 1
    assert len(accepted) == 60
    assert max(accepted.values()) <= 2 * min(accepted.values()) + 2


def test_a_crowded_room_tells_how_long_to_wait() -> None:
    rate = ChatRate(4, 0.0)
    assert write(rate, "a", 0.0) is None
    assert write(rate, "b", 0.0) is None
    assert write(rate, "c", 0.0) is None
    wait = rate.wait("d", Role.GUEST, 0.0)
    assert wait and wait.crowded and wait.seconds >= 1
    assert rate.wait("d", Role.KNOWN, 0.0) is None
    assert rate.wait("d", Role.GUEST, wait.seconds) is None


def test_people_are_forgotten() -> None:
    """They are forgotten after the interval in which they count, earlier if there are too many."""
    rate = ChatRate(1e9, 0.0)
    for number in range(chat_rate.MAX_PEOPLE + 10):
        write(rate, f"p-{number}", 0.0)
    assert len(rate._writers) == chat_rate.MAX_PEOPLE
    write(rate, "late", SHARE_SECONDS)
    assert list(rate._writers) == ["late"]


def test_a_clock_that_goes_back_gives_nothing_and_takes_nothing() -> None:
    rate = ChatRate(50, 100.0)
    for _ in range(BURST):
        write(rate, "a", 100.0)
    assert rate.wait("a", Role.GUEST, 50.0)
    assert write(rate, "b", 50.0) is None
    assert write(rate, "a", 50.0 + EVERY) is None
