import datetime as calendar
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from types import SimpleNamespace
from unittest.mock import patch
from zoneinfo import ZoneInfo

import dateutil.rrule
import pytest
from dateutil.rrule import rruleset, rrulestr
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from services.visits.plans.rules import agenda
from services.visits.recurrence.rules import Frequency, Recurrence, find_zone, occurrences, parse, wall_times
from shared.errors import Invalid

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def _list(values: st.SearchStrategy[object]) -> st.SearchStrategy[str]:
    return st.lists(values, min_size=1, max_size=4, unique=True).map(lambda chosen: ",".join(map(str, chosen)))


def _signed(highest: int) -> st.SearchStrategy[int]:
    return st.integers(1, highest) | st.integers(-highest, -1)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Any rule that this service accepts."""
    frequency = draw(st.sampled_from(list(Frequency)))
    parts: dict[str, object] = {
        "FREQ": frequency.value,
        "INTERVAL": draw(st.integers(1, 9)),
        "WKST": draw(st.sampled_from(WEEKDAYS)),
    }
    if draw(st.booleans()):
        parts["BYMONTH"] = draw(_list(st.integers(1, 12)))
    if draw(st.booleans()) and frequency is not Frequency.weekly:
        parts["BYMONTHDAY"] = draw(_list(_signed(31)))
    if draw(st.booleans()) and frequency is Frequency.yearly:
        parts["BYYEARDAY"] = draw(_list(_signed(366)))
    if draw(st.booleans()):
        parts["BYDAY"] = draw(_weekdays(frequency))
    if draw(st.booleans()) and any(name.startswith("BY") for name in parts):
        parts["BYSETPOS"] = draw(_list(_signed(5)))
    if draw(st.booleans()):
        parts["COUNT"] = draw(st.integers(1, 40))
    elif draw(st.booleans()):
        parts["UNTIL"] = f"{draw(moments()):%Y%m%dT%H%M%S}"
    return ";".join(f"{name}={value}" for name, value in parts.items())


def _weekdays(frequency: Frequency) -> st.SearchStrategy[str]:
    plain = _list(st.sampled_from(WEEKDAYS))
    if frequency not in (Frequency.monthly, Frequency.yearly):
        return plain
    return plain | _list(st.tuples(_signed(5), st.sampled_from(WEEKDAYS)).map(lambda pair: f"{pair[0]}{pair[1]}"))


def moments() -> st.SearchStrategy[datetime]:
    return st.datetimes(datetime(2023, 1, 1), datetime(2029, 1, 1)).map(lambda moment: moment.replace(microsecond=0))


@settings(max_examples=400, deadline=None)
@given(rules(), moments(), st.integers(0, 900))
@example("FREQ=MONTHLY;BYMONTHDAY=31", datetime(2024, 1, 31, 9), 500)
@example("FREQ=YEARLY", datetime(2024, 2, 29, 9), 900)
@example("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", datetime(1997, 8, 5, 9), 60)
@example("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", datetime(2024, 1, 1, 9), 400)
def test_wall_times_are_those_of_dateutil(text: str, first: datetime, days: int) -> None:
    rule = parse(text)
    assume(not (rule.by_position and rule.frequency is Frequency.weekly and first.weekday() != rule.week_start))
    until = first + timedelta(days=days)
    assert list(wall_times(rule, first, until)) == _oracle(text, first, until)


@settings(max_examples=300, deadline=None)
@given(rules(), moments(), st.integers(0, 900), st.integers(-20, 900))
@example("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", datetime(1997, 8, 5, 9), 60, 25)
@example("FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=-1", datetime(2024, 1, 31, 9), 900, 300)
def test_what_lies_after_a_moment_is_the_rest_of_the_same_times(text: str, first: datetime, days: int, passed: int) -> None:
    rule, until, after = parse(text), first + timedelta(days=days), first + timedelta(days=passed)
    every = list(wall_times(rule, first, until))
    assert list(wall_times(rule, first, until, after=after)) == [moment for moment in every if moment > after]


def _oracle(text: str, first: datetime, until: datetime) -> list[datetime]:
    """dateutil's answer. Its search for a rule that never matches is cut short, or one example could take seconds."""
    with patch.object(dateutil.rrule, "datetime", SimpleNamespace(**{**vars(calendar), "MAXYEAR": until.year + 1})):
        return list(takewhile(lambda moment: moment <= until, rrulestr(text, dtstart=first)))


ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Shanghai", "Australia/Lord_Howe", "America/St_Johns", "Asia/Tehran")


@settings(max_examples=200, deadline=None)
@given(rules(), moments(), st.sampled_from(ZONES))
def test_occurrences_keep_the_wall_clock(text: str, start: datetime, zone: str) -> None:
    starts_at = start.replace(tzinfo=UTC)
    place = ZoneInfo(zone)
    found = list(occurrences(parse(text), starts_at, zone, starts_at + timedelta(days=400)))
    assert found == sorted(set(found))
    half = starts_at + timedelta(days=200)
    rest = occurrences(parse(text), starts_at, zone, starts_at + timedelta(days=400), after=half)
    assert list(rest) == [moment for moment in found if moment > half]
    wall = starts_at.astimezone(place)
    for moment in found:
        assert moment.utcoffset() == timedelta(0)
        local = moment.astimezone(place)
        gap = local.replace(tzinfo=None) - datetime.combine(local.date(), wall.time())
        assert gap == timedelta(0) or _skipped(local.date(), wall.time(), place)


@settings(max_examples=200, deadline=None)
@given(rules(), moments(), st.sampled_from(ZONES), st.data())
def test_an_agenda_is_the_recurrence_set_of_dateutil(text: str, first: datetime, zone: str, data: st.DataObject) -> None:
    """With extra dates and exceptions, at wall-clock times that daylight saving moves."""
    place, until = ZoneInfo(zone), first + timedelta(days=400)
    rule = parse(text)
    assume(_wall(_moment(first, place), place) == first)
    assume(not (rule.by_position and rule.frequency is Frequency.weekly and first.weekday() != rule.week_start))
    days = data.draw(st.lists(st.integers(0, 400), max_size=5, unique=True))
    extra = [first + timedelta(days=day, hours=day % 3) for day in days]
    walls = sorted({*_oracle(text, first, until), *extra})
    assume(len({_moment(wall, place) for wall in walls}) == len(walls))
    excepted = data.draw(st.lists(st.sampled_from(walls), max_size=5)) if walls else []
    oracle = rruleset()
    for wall in _oracle(text, first, until):
        oracle.rdate(wall)
    for wall in extra:
        oracle.rdate(wall)
    for wall in excepted:
        oracle.exdate(wall)
    found = agenda(
        occurrences(rule, _moment(first, place), zone, _moment(until, place)),
        extra=[_moment(wall, place) for wall in extra],
        excepted=[_moment(wall, place) for wall in excepted],
        until=_moment(until, place),
    )
    assert found == sorted(_moment(wall, place) for wall in oracle if wall <= until)


def _moment(wall: datetime, place: ZoneInfo) -> datetime:
    return wall.replace(tzinfo=place).astimezone(UTC)


def _wall(moment: datetime, place: ZoneInfo) -> datetime:
    return moment.astimezone(place).replace(tzinfo=None)


def _skipped(day: date, clock: time, place: ZoneInfo) -> bool:
    """Whether this wall-clock time does not exist on this day."""
    wanted = datetime.combine(day, clock, place)
    return wanted.astimezone(UTC).astimezone(place).replace(tzinfo=None) != wanted.replace(tzinfo=None)


def _moments(text: str | None, start: str, zone: str, days: int) -> list[str]:
    starts_at = datetime.fromisoformat(start)
    found = occurrences(parse(text) if text else None, starts_at, zone, starts_at + timedelta(days=days))
    return [moment.astimezone(ZoneInfo(zone)).isoformat() for moment in found]


def test_nine_stays_nine_when_daylight_saving_begins_and_ends() -> None:
    spring = _moments("FREQ=DAILY;COUNT=3", "2026-03-28T09:00:00+01:00", "Europe/Berlin", 9)
    assert spring == ["2026-03-28T09:00:00+01:00", "2026-03-29T09:00:00+02:00", "2026-03-30T09:00:00+02:00"]
    autumn = _moments("FREQ=DAILY;COUNT=3", "2026-10-24T09:00:00+02:00", "Europe/Berlin", 9)
    assert autumn == ["2026-10-24T09:00:00+02:00", "2026-10-25T09:00:00+01:00", "2026-10-26T09:00:00+01:00"]


def test_an_hour_that_is_skipped_comes_after_and_one_that_repeats_comes_first() -> None:
    spring = _moments("FREQ=DAILY;COUNT=2", "2026-03-28T02:30:00+01:00", "Europe/Berlin", 9)
    assert spring == ["2026-03-28T02:30:00+01:00", "2026-03-29T03:30:00+02:00"]
    autumn = _moments("FREQ=DAILY;COUNT=2", "2026-10-24T02:30:00+02:00", "Europe/Berlin", 9)
    assert autumn == ["2026-10-24T02:30:00+02:00", "2026-10-25T02:30:00+02:00"]


def test_a_start_in_the_second_of_two_equal_hours_stays_there() -> None:
    assert _moments("FREQ=DAILY;COUNT=1", "2026-10-25T02:30:00+01:00", "Europe/Berlin", 9) == ["2026-10-25T02:30:00+01:00"]


def test_without_a_rule_there_is_one_occurrence() -> None:
    assert _moments(None, "2026-03-02T09:00:00+00:00", "UTC", 180) == ["2026-03-02T09:00:00+00:00"]


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20260304T010000Z", "2026-03-04T09:00:00+08:00"),
        ("20260304T005959Z", "2026-03-03T09:00:00+08:00"),
        ("20260304T090000", "2026-03-04T09:00:00+08:00"),
        ("20260304", "2026-03-03T09:00:00+08:00"),
    ],
)
def test_until_is_a_moment(until: str, last: str) -> None:
    assert _moments(f"FREQ=DAILY;UNTIL={until}", "2026-03-02T09:00:00+08:00", "Asia/Shanghai", 30)[-1] == last


def test_parse_reads_lower_case_too() -> None:
    expected = Recurrence(Frequency.weekly, interval=2, by_day=frozenset({(0, 0), (0, 3)}))
    assert parse("freq=weekly;interval=2;byday=mo,th") == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        ";",
        "FREQ",
        "FREQ=",
        "FREQ=SECONDLY",
        "FREQ=MINUTELY",
        "FREQ=HOURLY",
        "FREQ=SOMETIMES",
        "INTERVAL=2",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;INTERVAL=367",
        "FREQ=DAILY;INTERVAL=1.5",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=367",
        "FREQ=DAILY;COUNT=99999999999999999999",
        "FREQ=DAILY;COUNT=1,2",
        "FREQ=DAILY;COUNT=2;UNTIL=20260401",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;UNTIL=20261332",
        "FREQ=DAILY;UNTIL=00010101",
        "FREQ=DAILY;UNTIL=99991231T235959Z",
        "FREQ=DAILY;BYHOUR=1,2,3",
        "FREQ=DAILY;BYSECOND=1",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYMONTH=-1",
        "FREQ=DAILY;BYMONTHDAY=0",
        "FREQ=DAILY;BYMONTHDAY=32",
        "FREQ=DAILY;BYDAY=XX",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=MONTHLY;BYDAY=54MO",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYYEARDAY=1",
        "FREQ=YEARLY;BYWEEKNO=20",
        "FREQ=YEARLY;BYEASTER=0",
        "FREQ=DAILY;BYSETPOS=1",
        "FREQ=DAILY;WKST=1",
        "RRULE:FREQ=DAILY",
        "DTSTART:20260101\nFREQ=DAILY",
        "FREQ=DAILY\nEXRULE:FREQ=DAILY",
        "FREQ=\u0661",
        "FREQ=DAILY;COUNT=\u0661",
        "A" * 400,
        "FREQ=DAILY;BYMONTHDAY=" + "1," * 150,
    ],
)
def test_parse_refuses_what_is_not_accepted(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(text)
    assert refused.value.slug == "rrule-not-accepted"


PIECES = ("FREQ=", "DAILY", "YEARLY", ";", "INTERVAL=", "BYDAY=", "1MO", "-1", ",", "COUNT=", "UNTIL=", "20260401", "Z", "9")


@given(st.text(max_size=80) | st.lists(st.sampled_from(PIECES)).map("".join))
def test_parse_answers_anything(text: str) -> None:
    with suppress(Invalid):
        assert parse(text).interval >= 1


@pytest.mark.parametrize("text", ["FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=5"])
def test_a_rule_that_never_matches_ends_at_the_horizon(text: str) -> None:
    assert _moments(text, "2026-03-02T09:00:00+00:00", "UTC", 180) == []


@pytest.mark.parametrize("name", ["", "utc+1", "../../etc/passwd", "/etc/passwd", "Mars/Base", "\x00", "\ud800", "A" * 64])
def test_find_zone_refuses_what_iana_does_not_know(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        find_zone(name)
    assert refused.value.slug == "unknown-time-zone"
