"""The bounds of the drafts in memory."""

import pytest

from relay.client_address import keys_of
from relay.stream.window import Excerpt
from server.clips import drafts as module
from server.clips.draft import Draft
from server.clips.drafts import LASTS, PER_PERSON, YIELDS_AFTER, Drafts
from server.errors import TooManyRequests, Unavailable


def draft(
    clip: str, person: str = "", began: float = 0.0, size: int = 0, address: str = ""
) -> Draft:
    files, client = {"video.mp4": bytes(size)}, keys_of(address)
    return Draft(clip, person or clip, 0, Excerpt([]), [], began, files=files, client=client)


def filled(*added: Draft) -> Drafts:
    drafts = Drafts(10, 600.0)
    for one in added:
        assert drafts.add(one, one.began) == []
    return drafts


def test_a_person_has_few_drafts() -> None:
    """A further draft replaces the oldest draft."""
    own = [draft(f"own-{number}", "p-sam") for number in range(PER_PERSON + 1)]
    drafts = filled(draft("other"), *own[:-1])
    assert drafts.add(own[-1], 1.0) == [own[0]]
    assert drafts.find("own-0") is None and drafts.find("own-1") is own[1]


def test_a_draft_that_is_being_finished_stays() -> None:
    own = [draft(f"own-{number}", "p-sam") for number in range(PER_PERSON + 1)]
    own[0].busy = True
    drafts = filled(*own[:-1])
    assert drafts.add(own[-1], 1.0) == []
    assert drafts.find("own-0") is own[0]


def test_the_number_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_DRAFTS", 2)
    one, two, three = draft("1"), draft("2"), draft("3", began=5.0)
    drafts = filled(one, two)
    with pytest.raises(Unavailable):
        drafts.add(three, YIELDS_AFTER - 1)
    assert drafts.add(three, YIELDS_AFTER) == [one]
    assert list(drafts) == [two, three]


def test_the_bytes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    drafts = filled(draft("1", size=40), draft("2", size=60))
    assert drafts.size == 100
    with pytest.raises(Unavailable):
        drafts.add(draft("3", size=1), 0.0)
    drafts.add(draft("3", size=40), YIELDS_AFTER)
    assert drafts.size == 100


def test_one_network_does_not_keep_others_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network with more than half of the drafts yields its oldest drafts to other networks."""
    monkeypatch.setattr(module, "MAX_DRAFTS", 5)
    crowd = [draft(f"crowd-{n}", address=f"198.51.100.{n}") for n in range(4)]
    crowd[0].busy = True
    drafts = filled(draft("other", address="203.0.113.1"), *crowd)
    with pytest.raises(Unavailable):
        drafts.add(draft("own", address="198.51.100.9"), 1.0)
    assert drafts.add(draft("first", address="192.0.2.1"), 1.0) == [crowd[1]]
    assert drafts.add(draft("second", address="2001:db8::1"), 1.0) == [crowd[2]]
    with pytest.raises(Unavailable):
        drafts.add(draft("third", address="2001:db8:1::1"), 1.0)
    assert crowd[3] in drafts


def test_one_network_does_not_use_all_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 100)
    small = [draft(f"small-{n}", size=10, address=f"192.0.{n}.1") for n in range(3)]
    large = draft("large", size=70, address="2001:db8::1")
    drafts = filled(*small, large)
    with pytest.raises(Unavailable):
        drafts.add(draft("own", size=5, address="2001:db8:0:1::1"), 1.0)
    assert drafts.add(draft("new", size=5, address="192.0.9.1"), 1.0) == [large]


def test_unknown_networks_yield_like_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_DRAFTS", 2)
    drafts = filled(draft("1"), draft("2"))
    with pytest.raises(Unavailable):
        drafts.add(draft("3", address="192.0.2.1"), 1.0)


def test_a_draft_expires() -> None:
    one, two = draft("1"), draft("2", began=1.0)
    drafts = filled(one, two)
    assert drafts.expired(LASTS - 1) == []
    assert drafts.expired(LASTS) == [one]
    one.busy = True
    assert drafts.expired(LASTS) == []


def test_the_taps_of_a_person_are_bounded() -> None:
    """The limit counts all taps, also the taps whose drafts were discarded."""
    drafts = Drafts(3, 600.0)
    for second in range(3):
        drafts.count_tap("p-sam", float(second))
    with pytest.raises(TooManyRequests) as refused:
        drafts.count_tap("p-sam", 10.0)
    assert refused.value.retry_after == 590
    drafts.count_tap("p-minji", 10.0)
    drafts.forget_tap("p-sam")
    drafts.count_tap("p-sam", 10.0)
    drafts.count_tap("p-sam", 600.0)
    with pytest.raises(TooManyRequests):
        drafts.count_tap("p-sam", 600.5)
