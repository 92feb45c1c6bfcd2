"""An announced live as a calendar file."""

from dataclasses import replace

from server.discovery.calendar import LINE, Appointment, write_calendar

LIVE = Appointment(
    "a1", "Cooking", "minji", "https://live.example/@minji", "live.example", 1e9, 0.0
)


def unfolded(text: str) -> list[str]:
    return text.replace("\r\n ", "").split("\r\n")


def test_a_calendar_file() -> None:
    lines = unfolded(write_calendar(LIVE))
    for line in (
        "UID:a1@live.example",
        "DTSTAMP:19700101T000000Z",
        "DTSTART:20010909T014640Z",
        "DTEND:20010909T024640Z",
        "SUMMARY:Cooking – minji",
        "URL:https://live.example/@minji",
    ):
        assert line in lines
    assert (lines[0], lines[-2:]) == ("BEGIN:VCALENDAR", ["END:VCALENDAR", ""])


def test_texts_stay_texts() -> None:
    """A title adds no line and no property."""
    title = "a\\b; c, d\r\nDTSTART:19700101T000000Z\u2028"
    lines = unfolded(write_calendar(replace(LIVE, title=title)))
    assert len(lines) == len(unfolded(write_calendar(LIVE)))
    assert "SUMMARY:a\\\\b\\; c\\, d  DTSTART:19700101T000000Z  – minji" in lines


def test_long_lines_are_folded_between_characters() -> None:
    text = write_calendar(replace(LIVE, title="다크걸🎸" * 20))
    assert all(len(line.encode()) <= LINE for line in text.split("\r\n"))
    assert f"SUMMARY:{'다크걸🎸' * 20} – minji" in unfolded(text)
