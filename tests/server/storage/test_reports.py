"""The reports in the database."""

from dataclasses import replace

import pytest
import pytest_asyncio

from server.storage.reports import (
    HOUR,
    PER_HOUR,
    NewReport,
    NoSuchMessage,
    TooManyReports,
)
from server.storage.storage import Storage
from tests.server.storage.moderated import MINJI, NOW, SAM, write, written

REPORT = NewReport("r1", "k3v9x2", "p-viewer", "spam", "look at this", NOW, message=1)


@pytest_asyncio.fixture(autouse=True)
async def messages(storage: Storage, moderated_room: None) -> None:
    await write(storage, written(1), written(2, state="held"))


async def test_a_report_about_a_message_keeps_the_text_and_the_author(storage: Storage) -> None:
    await storage.reports.add(REPORT)
    found = await storage.reports.find("r1")
    assert found
    assert (found.kind, found.message, found.message_text) == ("message", 1, "text 1")
    assert (found.person, found.reason, found.text) == (SAM, "spam", "look at this")
    assert found.reporter and found.reporter.id == "p-viewer"
    assert (found.state, found.decision, found.answer) == ("open", None, None)


async def test_a_message_that_was_never_shown_cannot_be_reported(storage: Storage) -> None:
    for number in (2, 99):
        with pytest.raises(NoSuchMessage):
            await storage.reports.add(replace(REPORT, message=number))


async def test_reports_about_people_and_the_room(storage: Storage) -> None:
    await storage.reports.add(replace(REPORT, message=None, person="p-sam"))
    await storage.reports.add(replace(REPORT, id="r2", message=None, at=NOW + 1))
    await storage.reports.add(replace(REPORT, id="r3", message=None, person="p-minji"))
    about_room = await storage.reports.find("r2")
    assert about_room and (about_room.kind, about_room.person) == ("room", MINJI)
    listed = await storage.reports.of_room("k3v9x2", ["p-minji"])
    assert [report.id for report in listed] == ["r1"]
    assert [report.id for report in await storage.reports.about("p-minji")] == ["r2", "r3"]
    assert len(await storage.reports.made_by("p-viewer")) == 3
    assert len(await storage.reports.of_room("k3v9x2", [])) == 2
    assert await storage.reports.of_room("other", []) == []


async def test_a_report_is_decided_and_answered_once(storage: Storage) -> None:
    await storage.reports.add(REPORT)
    assert await storage.reports.decide("r1", "removed", "rude", NOW + 5)
    assert not await storage.reports.decide("r1", "dismissed", "", NOW + 6)
    assert not await storage.reports.answer("r1", "p-other", "not me", NOW + 7)
    assert await storage.reports.answer("r1", "p-sam", "sorry", NOW + 7)
    assert not await storage.reports.answer("r1", "p-sam", "again", NOW + 8)
    found = await storage.reports.find("r1")
    assert found
    assert (found.state, found.decision, found.note) == ("decided", "removed", "rude")
    assert (found.answer, found.decided_at, found.answered_at) == ("sorry", NOW + 5, NOW + 7)
    assert await storage.reports.all("open") == []
    assert len(await storage.reports.all()) == 1


async def test_a_person_makes_few_reports_an_hour(storage: Storage) -> None:
    for number in range(PER_HOUR):
        await storage.reports.add(replace(REPORT, id=f"r{number}", at=NOW + number))
    with pytest.raises(TooManyReports) as refused:
        await storage.reports.add(replace(REPORT, id="more", at=NOW + 100))
    assert refused.value.retry_after == HOUR - 100
    await storage.reports.add(replace(REPORT, id="other", reporter="p-2", at=NOW + 100))
    await storage.reports.add(replace(REPORT, id="later", at=NOW + HOUR))
