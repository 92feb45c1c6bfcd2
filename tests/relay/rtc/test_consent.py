"""Which packets may be sent to which address, by a clock that the test sets."""

from itertools import count

import pytest

from relay.rtc.consent import (
    AGAIN,
    AMPLIFICATION,
    CLAIM,
    EVERY,
    EXPIRES,
    LEFT_AFTER,
    MAX_PENDING,
    SPREAD,
    UNPROVEN_AGAIN,
    UNPROVEN_FOR,
    CandidatePair,
    Consent,
)

CHECK, ANSWER = 100, 64


TRANSACTIONS = count()


def new(*, media_suffices: bool = False) -> Consent[CandidatePair]:
    return Consent(lambda: 0.5, media_suffices=media_suffices)


def check(
    consent: Consent[CandidatePair], pair: CandidatePair, now: float, *, nominated: bool = True
) -> None:
    consent.receive_check(pair, CHECK, now, nominated=nominated)


def ask(consent: Consent[CandidatePair], pair: CandidatePair, now: float) -> bytes:
    transaction = next(TRANSACTIONS).to_bytes(12, "big")
    consent.ask(pair, transaction, now)
    return transaction


def prove(consent: Consent[CandidatePair], pair: CandidatePair, now: float) -> None:
    assert consent.receive_answer(pair, ask(consent, pair, now), now) == 0.0


def connected(
    now: float, *, media_suffices: bool = False
) -> tuple[Consent[CandidatePair], CandidatePair]:
    """A session after its handshake."""
    consent, pair = new(media_suffices=media_suffices), CandidatePair()
    check(consent, pair, now)
    prove(consent, pair, now)
    consent.complete_handshake(now)
    return consent, pair


def test_the_first_address_is_selected_but_unproven() -> None:
    consent, pair = new(), CandidatePair()
    check(consent, pair, 0.0, nominated=False)
    assert consent.selected is pair and not pair.proven(0.0)


def test_a_nominated_address_must_answer_first() -> None:
    """Until it answers, media stays on the previous address."""
    consent, ours = connected(0.0)
    victim = CandidatePair()
    for number in range(10):
        check(consent, victim, 1.0 + number)
        assert consent.selected is ours
    transaction = ask(consent, victim, 11.0)
    assert consent.receive_answer(ours, transaction, 11.0) is None, "from another address"
    assert consent.selected is ours
    assert consent.receive_answer(victim, transaction, 11.25) == 0.25
    assert consent.selected is victim


def test_a_peer_that_restarts_ice_and_leaves_its_address() -> None:
    """Any address that is proven then carries media, and a nominated one replaces it."""
    consent, ours = connected(0.0)
    ours.heard = True
    consent.doubt(1.0)
    other = CandidatePair()
    check(consent, other, 1.05, nominated=False)
    prove(consent, other, 1.05)
    consent.leave_silent(1.05)
    assert consent.selected is ours and consent.wait(1.05) == LEFT_AFTER
    consent.leave_silent(1.0 + 2 * LEFT_AFTER)
    assert consent.selected is other and consent.wait(1.0 + 2 * LEFT_AFTER) > EVERY / 2
    third = CandidatePair()
    prove(consent, third, 2.0)
    consent.leave_silent(2.0 + EVERY)
    assert consent.selected is other, "the doubt has ended"
    check(consent, third, 3.0)
    assert consent.selected is third


def test_a_peer_that_restarts_ice_and_stays() -> None:
    consent, ours = connected(0.0)
    consent.doubt(1.0)
    prove(consent, other := CandidatePair(), 1.05)
    for number in range(20):
        ours.heard = True
        consent.leave_silent(1.1 + number)
    assert consent.selected is ours
    ours.answered_at = 1.05 + EXPIRES
    consent.leave_silent(1.05 + EXPIRES)
    assert consent.selected is ours and not other.proven(1.05 + EXPIRES)
    prove(consent, other, 40.0)
    check(consent, ours, 40.1)
    consent.leave_silent(45.0)
    assert consent.selected is ours, "it nominates the pair in use again"


def test_an_address_that_was_not_nominated_carries_no_media() -> None:
    consent, ours = connected(0.0)
    other = CandidatePair()
    check(consent, other, 1.0, nominated=False)
    prove(consent, other, 1.0)
    assert consent.selected is ours
    check(consent, other, 2.0)
    assert consent.selected is other, "proven before it was nominated"


def test_a_proven_address_replaces_an_unproven_first_one() -> None:
    """A forged first check must not hold the handshake up."""
    consent, victim, ours = new(), CandidatePair(), CandidatePair()
    check(consent, victim, 0.0)
    check(consent, ours, 0.1, nominated=False)
    prove(consent, ours, 0.2)
    assert consent.selected is ours


def test_each_answer_proves_once() -> None:
    consent, pair = new(), CandidatePair()
    check(consent, pair, 0.0)
    transaction = ask(consent, pair, 0.0)
    assert consent.receive_answer(pair, b"x" * 12, 0.1) is None
    assert consent.receive_answer(pair, transaction, 0.1) == pytest.approx(0.1)
    assert consent.receive_answer(pair, transaction, 0.2) is None


def test_an_answer_may_take_longer_than_the_next_check() -> None:
    consent, pair = new(), CandidatePair()
    check(consent, pair, 0.0)
    first, second = ask(consent, pair, 0.0), ask(consent, pair, 1.0)
    assert consent.receive_answer(pair, first, 1.5) == 1.5
    assert consent.receive_answer(pair, second, 2.5) == 1.5


def test_pending_checks_are_bounded() -> None:
    consent, pair = new(), CandidatePair()
    check(consent, pair, 0.0)
    for _ in range(3 * MAX_PENDING):
        ask(consent, pair, 0.0)
    assert len(pair.pending) == MAX_PENDING


def test_an_unproven_address_gets_three_times_what_it_sent() -> None:
    consent, pair = new(), CandidatePair()
    check(consent, pair, 0.0)
    assert consent.may_send(pair, ANSWER, 0.0)
    assert consent.may_send(pair, AMPLIFICATION * CHECK - ANSWER, 0.0)
    assert not consent.may_send(pair, 1, 0.0)
    consent.receive_bytes(pair, 10, 0.1)
    assert consent.may_send(pair, AMPLIFICATION * 10, 0.1) and not consent.may_send(pair, 1, 0.1)


def test_a_silent_unproven_address_gets_nothing() -> None:
    consent, pair = new(), CandidatePair()
    check(consent, pair, 0.0)
    assert consent.may_send(pair, 1, UNPROVEN_FOR)
    assert not consent.may_send(pair, 1, UNPROVEN_FOR + 0.01)
    assert not consent.must_prove(pair, UNPROVEN_FOR + 0.01)


def test_a_proven_address_is_not_limited() -> None:
    consent, pair = connected(0.0)
    assert consent.may_send(pair, 1_000_000, EXPIRES - 0.01)
    assert pair.sent == 0


def test_an_unproven_address_is_asked_again() -> None:
    consent, pair = new(), CandidatePair()
    check(consent, pair, 0.0)
    assert consent.must_prove(pair, 0.0) and consent.due(0.0) == [pair]
    ask(consent, pair, 0.0)
    assert consent.due(UNPROVEN_AGAIN - 0.01) == []
    assert consent.wait(0.0) == UNPROVEN_AGAIN
    assert consent.due(UNPROVEN_AGAIN) == [pair]


def test_consent_is_asked_for_every_five_seconds() -> None:
    consent, pair = connected(0.0)
    assert consent.due(EVERY - 0.01) == [] and consent.wait(1.0) == EVERY - 1.0
    assert consent.due(EVERY) == [pair]
    prove(consent, pair, EVERY)
    assert consent.due(2 * EVERY - 0.01) == [] and consent.due(2 * EVERY) == [pair]


@pytest.mark.parametrize(("chance", "share"), [(0.0, 1 - SPREAD), (1.0, 1 + SPREAD)])
def test_the_time_between_checks_varies(chance: float, share: float) -> None:
    consent: Consent[CandidatePair] = Consent(lambda: chance)
    pair = CandidatePair()
    check(consent, pair, 0.0)
    prove(consent, pair, 0.0)
    assert consent.wait(0.0) == pytest.approx(EVERY * share)


def test_an_unanswered_check_is_soon_followed_by_another() -> None:
    """Loss of a few packets does not end a session: about 25 checks fit into the time left."""
    consent, pair = connected(0.0)
    ask(consent, pair, EVERY)
    assert consent.due(EVERY + AGAIN - 0.01) == [] and consent.due(EVERY + AGAIN) == [pair]


def test_consent_expires_after_thirty_seconds() -> None:
    consent, pair = connected(0.0)
    pair.heard = True
    assert not consent.expired(EXPIRES - 0.01)
    assert consent.expired(EXPIRES), "whatever the peer has sent"


def test_checks_of_the_peer_are_no_consent() -> None:
    """A peer that holds the credentials can forge the source of its checks."""
    consent, pair = connected(0.0)
    for number in range(40):
        check(consent, pair, float(number))
    assert consent.expired(EXPIRES)


def test_a_publisher_that_answers_nothing_consents_with_its_media() -> None:
    """FFmpeg answers no check after the handshake."""
    consent, pair = connected(0.0, media_suffices=True)
    for second in range(100):
        pair.heard = True
        assert not consent.expired(float(second))
    assert consent.expired(99.0 + EXPIRES), "its media has ended"


def test_media_does_not_suffice_once_the_publisher_has_answered() -> None:
    consent, pair = connected(0.0, media_suffices=True)
    prove(consent, pair, 1.0)
    pair.heard = True
    assert consent.expired(1.0 + EXPIRES)


def test_the_handshake_proves_its_address() -> None:
    consent, pair = new(), CandidatePair()
    check(consent, pair, 0.0)
    consent.complete_handshake(1.0)
    assert pair.proven(1.0) and not consent.expired(EXPIRES)


def test_an_old_address_must_answer_again() -> None:
    consent, first = connected(0.0)
    second = CandidatePair()
    check(consent, second, 1.0)
    prove(consent, second, 1.0)
    now = EXPIRES + 5.0
    prove(consent, second, now)
    check(consent, first, now)
    assert consent.selected is second and consent.must_prove(first, now)


def test_a_pause_of_the_process_does_not_count() -> None:
    consent, _ = connected(0.0)
    consent.forgive(40.0)
    assert not consent.expired(50.0) and consent.expired(40.0 + EXPIRES)


def test_a_proven_address_is_claimed_while_it_is_heard() -> None:
    consent, pair = connected(0.0)
    assert pair.claimed(CLAIM - 0.01) and not pair.claimed(CLAIM)
    pair.heard = True
    assert pair.claimed(10.0) and pair.claimed(10.0 + CLAIM - 0.01)
    assert not pair.claimed(10.0 + CLAIM)


def test_an_unproven_address_is_not_claimed() -> None:
    consent, pair = new(), CandidatePair()
    check(consent, pair, 0.0)
    assert not pair.claimed(0.0)


def test_a_session_without_an_address() -> None:
    consent = new()
    consent.complete_handshake(0.0)
    assert not consent.expired(100.0) and consent.due(100.0) == [] and consent.wait(0.0) > 0
