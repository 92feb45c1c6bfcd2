"""Decides which messages the chat of one room accepts: messages that exceed no limit and that the
moderation allows. Pure.
"""

from relay.errors import Refusal, RefusalCode
from server.errors import Forbidden, TooManyRequests
from server.social.author import Author
from server.social.chat_rate import ChatRate, Wait
from server.social.verdict import Judge, Outcome, Verdict


class ChatAdmission:
    """The limits of one room, and its judge. Times are Unix seconds."""

    def __init__(self, judge: Judge, messages_per_second: float, now: float) -> None:
        self._judge = judge
        self._rate = ChatRate(messages_per_second, now)

    def refuse_early(self, author: Author, now: float) -> None:
        """Raises a Refusal if the message is certain to be refused. Does not read storage. The role
        of `author` is not yet known.
        """
        if wait := self._rate.wait(author.person.id, self._judge.likely_role(author), now):
            raise _too_fast(wait)
        verdict = self._judge.refuse_early(author, now)
        if verdict is not None:
            raise _refusal(verdict)

    def admit(self, author: Author, text: str, now: float) -> Outcome:
        """Counts a message, and returns whether it is ALLOWED or HELD. Raises a Refusal."""
        if wait := self._rate.wait(author.person.id, author.role, now):
            raise _too_fast(wait)
        verdict = self._judge.judge(author, text, now)
        if verdict.outcome is Outcome.REFUSED:
            raise _refusal(verdict)
        self._rate.take(author.person.id, author.role, now)
        return verdict.outcome


def _too_fast(wait: Wait) -> TooManyRequests:
    if wait.crowded:
        return TooManyRequests(
            RefusalCode.CHAT_CROWDED, "too many people write at the moment", wait.seconds
        )
    return TooManyRequests(RefusalCode.RATE_LIMITED, "too many messages from you", wait.seconds)


def _refusal(verdict: Verdict) -> Refusal:
    code = verdict.code or RefusalCode.BAD_MESSAGE
    if code is RefusalCode.SLOW_MODE:
        return TooManyRequests(code, verdict.reason, verdict.retry_after or 1.0)
    return Forbidden(code, verdict.reason, verdict.retry_after)
