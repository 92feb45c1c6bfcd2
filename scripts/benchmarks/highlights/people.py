"""The server's way to find moments (server/social/highlights.py). Pure."""

from scripts.benchmarks.highlights.live import ScriptedLive
from scripts.benchmarks.highlights.score import Span
from server.social.crowd import Crowd
from server.social.highlights import at_keyframe, highlights

SECOND = 1_000_000


def find_by_people(live: ScriptedLive) -> list[Span]:
    """Returns the moments at which unusually many people began to react."""
    crowd = Crowd()
    for reaction in live.reactions:
        crowd.add(reaction.person, reaction.at // SECOND)
    people = crowd.counts(live.first, live.first + live.seconds)
    moments = [at_keyframe(found, live.keyframes) for found in highlights(people, live.first)]
    return [Span(moment.start / SECOND, moment.end / SECOND) for moment in moments]
