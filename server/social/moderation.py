"""The moderation of one room: who may write at present, and which messages are held. Pure."""

import math
from dataclasses import dataclass, field

from relay.errors import RefusalCode
from server.recent import Recent
from server.social.author import Author, Role
from server.social.chat_settings import ChatSettings
from server.social.links import has_link
from server.social.shield import Shield
from server.social.verdict import ALLOWED, HELD, Verdict, refused
from server.social.word_list import WordList

MUTES = (60, 600)
"""The possible durations of a mute, seconds."""
FOR_EVER = math.inf
BANNED_TEXT = "a moderator of this live has banned you"
BANNED_BY_OPERATOR_TEXT = "the operator of this server has banned you"
MAX_WRITERS = 10_000
"""Maximum number of people whose last message is remembered for slow mode. The person who wrote
longest ago is forgotten first.
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """The relation of a person to the creator of the room, apart from moderation."""

    followed_at: float | None = None
    """Time since which the person follows the creator, Unix seconds; None if the person does not
    follow the creator.
    """
    wrote: bool = False
    """Whether a message of the person was shown in an earlier live of the creator."""

    @property
    def role(self) -> Role:
        """The role of a person who is neither the creator nor a moderator."""
        return Role.KNOWN if self.wrote or self.followed_at is not None else Role.GUEST


STRANGER = Standing()


@dataclass(frozen=True, slots=True)
class Hold:
    """The reason why a message is held."""

    reason: str
    """`word` if the message contains a word of the list; `link` if the message contains a link."""
    matched: str = ""
    """The word of the list that matches the message; empty if `reason` is `link`."""


@dataclass(slots=True)
class Moderation:
    """The decisions of moderators that apply in one room. All times are Unix seconds."""

    settings: ChatSettings = field(default_factory=ChatSettings)
    shield: Shield = field(default_factory=Shield)
    words: WordList = field(default_factory=WordList)
    mutes: dict[str, float] = field(default_factory=dict)
    """Ends of the mutes, by person."""
    bans: dict[str, float] = field(default_factory=dict)
    """Ends of the bans of the creator and the moderators, by person. The end of a permanent ban is
    FOR_EVER.
    """
    networks: dict[str, float] = field(default_factory=dict)
    """Ends of the bans of networks, by salted hash."""
    operator_bans: dict[str, float] = field(default_factory=dict)
    """Ends of the bans of the operator, by person."""
    _last: Recent[str, float] = field(default_factory=lambda: Recent(MAX_WRITERS))
    """Time of the last message, by person."""

    def judge(self, author: Author, standing: Standing, text: str, now: float) -> Verdict:
        """Decides on a message. An accepted message counts for slow mode, unless a moderator or the
        creator has written it.
        """
        refusal = self.find_refusal(author, standing, now)
        if refusal is not None:
            return refusal
        if author.role.moderates:
            return ALLOWED
        self._last.keep(author.person.id, now)
        return ALLOWED if self.find_hold(text, now) is None else HELD

    def find_refusal(self, author: Author, standing: Standing, now: float) -> Verdict | None:
        """Returns the refusal that every message of the author gets at `now`, or None."""
        refusal = self.find_ban(author, now) or self.find_mute(author, now)
        if refusal is not None or author.role.moderates:
            return refusal
        holds = self.settings.under(self.shield, now)
        return self._find_rule(standing, holds, now) or self._find_slow(author, holds, now)

    def find_ban(self, author: Author, now: float) -> Verdict | None:
        """Returns the refusal of a banned author, or None. The ban of a network applies to guests
        only, because many people may share an address.
        """
        person = author.person.id
        if until := _in_force(self.operator_bans, person, now):
            return refused(
                RefusalCode.BANNED_BY_OPERATOR, BANNED_BY_OPERATOR_TEXT, _wait(until, now)
            )
        if until := _in_force(self.bans, person, now):
            return refused(RefusalCode.BANNED, BANNED_TEXT, _wait(until, now))
        if author.role is Role.GUEST and _in_force(self.networks, author.network_hash, now):
            return refused(
                RefusalCode.BANNED,
                "a moderator has banned a person with your address: new guests with this address "
                "cannot write in this live",
            )
        return None

    def find_hold(self, text: str, now: float) -> Hold | None:
        """Returns the reason why a message with this text is held for the creator; None if the
        message is shown.
        """
        if word := self.words.find(text):
            return Hold("word", word)
        if self.shield.is_up(now) and has_link(text):
            return Hold("link")
        return None

    def forget(self, person: str) -> None:
        """Removes the data of a deleted person from memory. The person can never write again."""
        for known in (self.mutes, self.bans, self.operator_bans, self._last):
            known.pop(person, None)

    def find_mute(self, author: Author, now: float) -> Verdict | None:
        """Returns the refusal of a muted author, or None."""
        until = _in_force(self.mutes, author.person.id, now)
        if not until:
            return None
        return refused(
            RefusalCode.MUTED, "a moderator has muted you: you can write again later", until - now
        )

    def _find_rule(self, standing: Standing, holds: ChatSettings, now: float) -> Verdict | None:
        """Returns the refusal of a person whom the settings exclude, or None. People who followed
        the creator only after the shield was raised do not count as known, because an attacker can
        follow with one request.
        """
        if not holds.chat:
            return refused(RefusalCode.CHAT_OFF, "the creator has turned the chat off")
        if holds.followers_only and standing.followed_at is None:
            return refused(
                RefusalCode.FOLLOWERS_ONLY, "only followers of the creator can write at present"
            )
        known = standing.wrote or (
            standing.followed_at is not None and standing.followed_at <= self.shield.raised_at
        )
        if holds.known_only and not known:
            return refused(
                RefusalCode.KNOWN_ONLY,
                "only followers, and people who wrote in an earlier live, can write at present",
                self.shield.until - now,
            )
        return None

    def _find_slow(self, author: Author, holds: ChatSettings, now: float) -> Verdict | None:
        last = self._last.get(author.person.id)
        # If the time of the last message is in the future, the clock was set back after that
        # message: ignore the time.
        wait = 0.0 if last is None or last > now else last + holds.slow - now
        if wait <= 0:
            return None
        return refused(RefusalCode.SLOW_MODE, f"slow mode: one message each {holds.slow} s", wait)


def _in_force(ends: dict[str, float], key: str, now: float) -> float:
    """Returns the end of the entry if the end is in the future, otherwise 0. Removes an entry that
    is over.
    """
    until = ends.get(key, 0.0) if key else 0.0
    if until > now:
        return until
    ends.pop(key, None)
    return 0.0


def _wait(until: float, now: float) -> float | None:
    return None if until == FOR_EVER else until - now
