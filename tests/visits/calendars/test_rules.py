"""What is written is read back by another hand: the icalendar library."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.visits.calendars.rules import WIDTH, Entry, fold, write_calendar
from shared.types import Line

START = datetime(2026, 3, 2, 9, 30, 15, tzinfo=UTC)
LINE = TypeAdapter(Line)
HOSTILE = [
    "commas, semicolons; colons: and \\backslashes\\, \\n not a line",
    '"quoted" DTSTART:20200101T000000Z',
    "看水怎么流" * 40,
    "🏔️👨‍👩‍👧‍👦" * 20,
    "a" * 200,
    "\\" * 200,
    ";,\\" * 60,
    "END:VEVENT",
]


def entry(purpose: str, number: int = 1) -> Entry:
    return Entry(UUID(int=number), purpose, START, START + timedelta(days=3), START - timedelta(days=9))


def lines(content: bytes) -> list[bytes]:
    assert content.endswith(b"\r\n")
    found = content[:-2].split(b"\r\n")
    assert not any(re.search(rb"[\r\n]", line) for line in found)
    return found


def purposes(content: bytes) -> list[str]:
    return [str(event["SUMMARY"]) for event in icalendar.Calendar.from_ical(content).walk("VEVENT")]


@pytest.mark.parametrize("purpose", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_purpose_comes_back_as_it_was(purpose: str) -> None:
    content = write_calendar([entry(purpose)])
    assert purposes(content) == [purpose]
    assert all(len(line) <= WIDTH for line in lines(content))
    for line in lines(content):
        line.decode()


def is_line(text: str) -> bool:
    try:
        return LINE.validate_python(text) == text
    except ValidationError:
        return False


@given(st.lists(st.text(min_size=1, max_size=200).filter(is_line), max_size=4))
def test_whatever_a_purpose_may_be_comes_back_as_it_was(wanted: list[str]) -> None:
    content = write_calendar(entry(purpose, number) for number, purpose in enumerate(wanted))
    assert purposes(content) == wanted
    assert all(len(line) <= WIDTH for line in lines(content))


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=400))
def test_unfolding_gives_the_line_again(line: str) -> None:
    assert re.sub(rb"\r\n ", b"", fold(line)).decode() == line


def test_times_are_in_utc_and_each_visit_keeps_its_id() -> None:
    east = Entry(UUID(int=7), "See", datetime.fromisoformat("2026-03-02T09:00:00+08:00"), START, START)
    (event,) = icalendar.Calendar.from_ical(write_calendar([east])).walk("VEVENT")
    assert str(event["UID"]) == str(UUID(int=7))
    assert event.decoded("DTSTART") == datetime(2026, 3, 2, 1, tzinfo=UTC)
    assert event.decoded("DTEND") == START
    assert set(event) == {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "TRANSP"}, "never a place or a name"


def test_an_empty_calendar_is_one() -> None:
    calendar = icalendar.Calendar.from_ical(write_calendar([]))
    assert (str(calendar["VERSION"]), str(calendar["METHOD"])) == ("2.0", "PUBLISH")
    assert calendar.decoded("REFRESH-INTERVAL") == timedelta(hours=1)
    assert list(calendar.walk("VEVENT")) == []
