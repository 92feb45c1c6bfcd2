"""Challenges: bound to a browser and a purpose, valid for five minutes."""

import pytest

from server.people.challenge import LIFETIME, SIZE, Bound, Purpose, new_challenge, read_challenge

BOUND = Bound(Purpose.SIGN_IN, "person", "device")
NOW = 1_790_000_000.0
CHALLENGE = new_challenge(b"secret", BOUND, NOW, b"n" * 16)


def test_an_own_challenge_is_valid_for_five_minutes() -> None:
    used = read_challenge(CHALLENGE, [b"secret"], BOUND, NOW + LIFETIME - 1)
    assert used and used.expires_at == NOW + LIFETIME
    assert read_challenge(CHALLENGE, [b"secret"], BOUND, NOW + LIFETIME) is None
    assert len(CHALLENGE) == SIZE


def test_an_older_secret_still_counts() -> None:
    """The secret may be rotated between the options and the answer."""
    assert read_challenge(CHALLENGE, [b"new", b"secret"], BOUND, NOW)
    assert read_challenge(CHALLENGE, [b"new"], BOUND, NOW) is None
    assert read_challenge(CHALLENGE, [], BOUND, NOW) is None


@pytest.mark.parametrize(
    "bound",
    [
        Bound(Purpose.REGISTER, "person", "device"),
        Bound(Purpose.SIGN_IN, "another", "device"),
        Bound(Purpose.SIGN_IN, "person", "another"),
        Bound(Purpose.SIGN_IN, "persond", "evice"),
    ],
    ids=str,
)
def test_a_challenge_for_another_use_is_refused(bound: Bound) -> None:
    assert read_challenge(CHALLENGE, [b"secret"], bound, NOW) is None


@pytest.mark.parametrize("at", range(SIZE))
def test_a_changed_challenge_is_refused(at: int) -> None:
    changed = bytearray(CHALLENGE)
    changed[at] ^= 1
    assert read_challenge(bytes(changed), [b"secret"], BOUND, NOW) is None


def test_other_bytes_are_refused() -> None:
    for data in (b"", CHALLENGE[:-1], CHALLENGE + b"\0"):
        assert read_challenge(data, [b"secret"], BOUND, NOW) is None


def test_two_challenges_have_two_hashes() -> None:
    other = new_challenge(b"secret", BOUND, NOW, b"m" * 16)
    hashes = {read_challenge(each, [b"secret"], BOUND, NOW) for each in (CHALLENGE, other)}
    assert len(hashes) == 2 and None not in hashes
