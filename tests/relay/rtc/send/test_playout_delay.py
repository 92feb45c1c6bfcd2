"""The limits of the delay that a player adds to the video."""

from relay.rtc.send.playout_delay import PlayoutDelay

SHOW_AT_ONCE = bytes((0xBE, 0xDE, 0, 1, 0x52, 0, 0, 0))
UP_TO_10_SECONDS = bytes((0xBE, 0xDE, 0, 1, 0x52, 0, 0x03, 0xE8))


def test_frames_wait_only_while_the_path_trembles() -> None:
    limits = PlayoutDelay(5)
    found = [limits.extension]
    for milliseconds in (4, 6, 4, 2, 4):
        limits.report(milliseconds / 1_000)
        found.append(limits.extension)
    assert found == [
        SHOW_AT_ONCE,
        SHOW_AT_ONCE,
        UP_TO_10_SECONDS,
        UP_TO_10_SECONDS,
        SHOW_AT_ONCE,
        SHOW_AT_ONCE,
    ]


def test_a_player_without_the_extension_gets_no_header_extension() -> None:
    assert PlayoutDelay(0).extension == b""
