"""Who may write in a room."""

from dataclasses import replace

import pytest

from relay.errors import RefusalCode
from server.people.person import Person
from server.social.author import Author, Role
from server.social.chat_settings import ChatSettings
from server.social.moderation import (
    FOR_EVER,
    MAX_WRITERS,
    STRANGER,
    Hold,
    Moderation,
    Standing,
)
from server.social.shield import DURATION, Shield, ShieldEvent
from server.social.verdict import ALLOWED, HELD, Outcome
from server.social.word_list import WordList

NOW = 1_790_000_000.0
NETWORK = "0123456789abcdef"
FOLLOWER = Standing(followed_at=NOW - 3_600)
REGULAR = Standing(wrote=True)


def author(role: Role = Role.GUEST, person: str = "p1", network: str = "") -> Author:
    return Author(Person(person, "민지", 3), role, network)


def code(
    moderation: Moderation, by: Author, now: float = NOW, standing: Standing = STRANGER
) -> object:
    """Returns the code of the refusal, or the outcome."""
    verdict = moderation.judge(by, standing, "hello", now)
    return verdict.code or verdict.outcome


def test_by_default_everyone_may_write() -> None:
    for role in Role:
        assert Moderation().judge(author(role), STRANGER, "hello", NOW) == ALLOWED


def test_a_mute_ends_by_itself() -> None:
    moderation = Moderation(mutes={"p1": NOW + 60})
    verdict = moderation.judge(author(), STRANGER, "hello", NOW)
    assert (verdict.code, verdict.retry_after) == (RefusalCode.MUTED, 60)
    assert code(moderation, author(person="p2")) is Outcome.ALLOWED
    assert code(moderation, author(), NOW + 60) is Outcome.ALLOWED
    assert moderation.mutes == {}


def test_a_ban_holds_for_the_person() -> None:
    moderation = Moderation(bans={"p1": FOR_EVER})
    verdict = moderation.judge(author(Role.KNOWN), FOLLOWER, "hello", NOW)
    assert (verdict.code, verdict.retry_after) == (RefusalCode.BANNED, None)
    assert code(moderation, author(person="p2")) is Outcome.ALLOWED


def test_the_ban_of_a_network_concerns_guests_only_and_ends() -> None:
    moderation = Moderation(networks={NETWORK: NOW + 10})
    assert code(moderation, author(network=NETWORK)) is RefusalCode.BANNED
    assert code(moderation, author(Role.KNOWN, network=NETWORK)) is Outcome.ALLOWED
    assert code(moderation, author(network="other")) is Outcome.ALLOWED
    assert code(moderation, author(network="")) is Outcome.ALLOWED
    assert code(moderation, author(network=NETWORK), NOW + 10) is Outcome.ALLOWED


def test_the_operators_ban_holds_for_creators_too() -> None:
    moderation = Moderation(operator_bans={"p1": NOW + 5})
    assert code(moderation, author(Role.CREATOR)) is RefusalCode.BANNED_BY_OPERATOR


@pytest.mark.parametrize(
    ("settings", "role", "standing", "expected"),
    [
        (ChatSettings(chat=False), Role.KNOWN, FOLLOWER, RefusalCode.CHAT_OFF),
        (ChatSettings(chat=False), Role.MODERATOR, STRANGER, Outcome.ALLOWED),
        (ChatSettings(followers_only=True), Role.KNOWN, REGULAR, RefusalCode.FOLLOWERS_ONLY),
        (ChatSettings(followers_only=True), Role.KNOWN, FOLLOWER, Outcome.ALLOWED),
        (ChatSettings(followers_only=True), Role.CREATOR, STRANGER, Outcome.ALLOWED),
    ],
)
def test_settings(settings: ChatSettings, role: Role, standing: Standing, expected: object) -> None:
    assert code(Moderation(settings=settings), author(role), NOW, standing) is expected


def test_slow_mode() -> None:
    moderation = Moderation(settings=ChatSettings(slow=30))
    assert code(moderation, author()) is Outcome.ALLOWED
    verdict = moderation.judge(author(), STRANGER, "again", NOW + 10)
    assert (verdict.code, verdict.retry_after) == (RefusalCode.SLOW_MODE, 20)
    assert code(moderation, author(person="p2"), NOW + 10) is Outcome.ALLOWED
    assert code(moderation, author(), NOW + 30) is Outcome.ALLOWED


def test_slow_mode_does_not_concern_moderators() -> None:
    moderation = Moderation(settings=ChatSettings(slow=30))
    for _ in range(3):
        assert code(moderation, author(Role.MODERATOR)) is Outcome.ALLOWED


def test_a_refused_message_does_not_count_for_slow_mode() -> None:
    moderation = Moderation(settings=ChatSettings(slow=30), mutes={"p1": NOW + 5})
    assert code(moderation, author()) is RefusalCode.MUTED
    assert code(moderation, author(), NOW + 5) is Outcome.ALLOWED


def test_slow_mode_when_the_clock_is_set_back() -> None:
    moderation = Moderation(settings=ChatSettings(slow=30))
    assert code(moderation, author()) is Outcome.ALLOWED
    assert code(moderation, author(), NOW - 3_600) is Outcome.ALLOWED


def test_slow_mode_remembers_a_bounded_number_of_people() -> None:
    moderation = Moderation(settings=ChatSettings(slow=30))
    for number in range(MAX_WRITERS + 1):
        assert code(moderation, author(person=f"p{number}")) is Outcome.ALLOWED
    assert code(moderation, author(person="p0")) is Outcome.ALLOWED
    assert code(moderation, author(person=f"p{MAX_WRITERS}")) is RefusalCode.SLOW_MODE


def test_a_word_of_the_list_holds_the_message() -> None:
    moderation = Moderation(words=WordList(["foo"]))
    assert moderation.judge(author(), STRANGER, "f o o", NOW) == HELD
    assert moderation.judge(author(Role.MODERATOR), STRANGER, "foo", NOW) == ALLOWED
    assert moderation.find_hold("a FOO", NOW) == Hold("word", "foo")
    assert moderation.find_hold("bar", NOW) is None


def test_the_shield_refuses_guests_and_holds_links_of_known_people() -> None:
    moderation = Moderation(
        settings=ChatSettings(links=True), shield=Shield().after(ShieldEvent.RAISE, NOW)
    )
    verdict = moderation.judge(author(), STRANGER, "hello", NOW)
    assert (verdict.code, verdict.retry_after) == (RefusalCode.KNOWN_ONLY, DURATION)
    known = author(Role.KNOWN, person="p2")
    assert moderation.judge(known, FOLLOWER, "see example.org", NOW) == HELD
    assert moderation.find_hold("see example.org", NOW) == Hold("link")
    assert code(moderation, known, NOW + 9, FOLLOWER) is RefusalCode.SLOW_MODE
    assert code(moderation, known, NOW + 10, REGULAR) is Outcome.ALLOWED
    assert code(moderation, author(), NOW + DURATION) is Outcome.ALLOWED
    assert moderation.judge(known, FOLLOWER, "see example.org", NOW + DURATION) == ALLOWED


def test_followers_who_came_after_the_shield_are_not_known() -> None:
    moderation = Moderation(shield=Shield().after(ShieldEvent.RAISE, NOW))
    follower = author(Role.KNOWN)
    late = Standing(followed_at=NOW + 1)
    assert code(moderation, follower, NOW + 2, late) is RefusalCode.KNOWN_ONLY
    assert code(moderation, follower, NOW + 2, FOLLOWER) is Outcome.ALLOWED


def test_the_first_reason_is_the_one_that_waiting_does_not_help() -> None:
    moderation = Moderation(bans={"p1": FOR_EVER}, mutes={"p1": NOW + 60})
    moderation.settings = replace(moderation.settings, chat=False)
    assert code(moderation, author()) is RefusalCode.BANNED


def test_a_deleted_person_is_forgotten() -> None:
    moderation = Moderation(mutes={"p1": NOW + 60}, bans={"p1": FOR_EVER, "p2": FOR_EVER})
    moderation.judge(author(person="p3"), STRANGER, "hello", NOW)
    for person in ("p1", "p3"):
        moderation.forget(person)
    assert (moderation.mutes, moderation.bans) == ({}, {"p2": FOR_EVER})
    assert not moderation._last
