"""The members of a channel, without the channel."""

from relay.channel.members import Members
from relay.channel.message import event_message, media_message
from relay.channel.standby import Standbys
from relay.message import Kind, Record, pack_record
from tests.fixtures.channel import Timers, Watcher


def standbys() -> Standbys:
    return Standbys(list, lambda viewer: None, Timers().call_later)


def test_each_member_is_in_one_fan_out_until_it_leaves() -> None:
    """It has a number of its own, which is not used again."""
    members, first, second = Members(standbys()), Watcher(), Watcher()
    members.add(first, "p-1", True)
    members.add(second, None, False)
    assert len(members) == 2 and list(members) == [first, second]
    assert first in members.with_media and first not in members.without_media
    assert second in members.without_media and second not in members.with_media
    left = members.remove(first)
    assert left and (left.number, left.person, left.media) == (1, "p-1", True)
    assert members.remove(first) is None and members.get(first) is None
    members.add(first, None, True)
    again = members.get(first)
    assert again and again.number == 3 and len(members) == 2


def test_a_member_without_media_gets_what_is_for_it() -> None:
    """A message without a part for such members does not reach it."""
    members, viewer, onlooker = Members(standbys()), Watcher(), Watcher()
    members.add(viewer, None, True)
    members.add(onlooker, None, False)
    frame = media_message(pack_record(Record(Kind.MEDIA, b"video")), b"", 0, 0)
    assert members.deliver(frame) == [] and not onlooker.messages
    assert members.deliver(event_message([], 0)) == []
    assert len(viewer.messages) == 2 and len(onlooker.messages) == 1


def test_a_member_on_standby_is_in_no_fan_out_of_the_others() -> None:
    held = standbys()
    members, viewer = Members(held), Watcher()
    members.add(viewer, None, True, held=True)
    assert len(members) == len(held) == 1 and not members.with_media
    assert members.move(viewer, held=True) is None
    moved = members.move(viewer, held=False)
    assert moved and (moved.number, moved.held) == (2, False)
    assert viewer in members.with_media and len(held) == 0
    assert members.move(viewer, held=True) is moved and viewer in held.with_media
    assert members.remove(viewer) is moved and len(held) == 0
