"""The arithmetic of working time: examples to read, laws, and a model that counts every quarter of an hour."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.working_time import ROUND_THE_CLOCK, Span, SpanUnit, TimeZone, WorkingCalendar, WorkingHours
from tests.feedback.naive_time import NaiveCalendar

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
OFFICE = [["09:00", "12:00"], ["13:00", "18:00"]]


def span(amount: int, unit: str) -> Span:
    return Span(amount=amount, unit=SpanUnit(unit))


def office(zone: str = "Asia/Shanghai", **said: Any) -> WorkingHours:
    """Monday to Friday, eight hours a day."""
    return WorkingHours.model_validate({"time_zone": zone, "weekly": dict.fromkeys(DAYS[:5], OFFICE), **said})


def nights(zone: str, *periods: list[str]) -> WorkingHours:
    return WorkingHours.model_validate({"time_zone": zone, "weekly": dict.fromkeys(DAYS, periods)})


MAY_DAY = office(
    holidays=["2028-05-01"],
    working_dates=[{"date": "2028-04-29", "periods": [["09:00", "12:00"]]}, {"date": "2028-05-06", "periods": OFFICE}],
)
NIGHT = nights("Europe/Berlin", ["01:00", "05:00"])
ISLAND = nights("Australia/Lord_Howe", ["01:00", "03:00"])
WHOLE = nights("America/St_Johns", ["00:00", "24:00"])
GERMAN, CHINESE, SAMOAN = (office(zone) for zone in ("Europe/Berlin", "Asia/Shanghai", "Pacific/Apia"))
EXAMPLES = [
    ("from 7/8 of Friday over May Day to 7/8 of Tuesday", MAY_DAY, "2028-04-28 17:00", "2 working_days", "2028-05-02 17:00"),
    ("on a free Sunday the first working day is Tuesday", MAY_DAY, "2028-04-30 10:00", "1 working_days", "2028-05-02 18:00"),
    ("a short Saturday is a whole working day", MAY_DAY, "2028-04-29 08:00", "1 working_days", "2028-04-29 12:00"),
    ("half of it is left: half of Tuesday", MAY_DAY, "2028-04-29 10:30", "1 working_days", "2028-05-02 14:00"),
    ("one hour on Friday, three on Saturday, one on Tuesday", MAY_DAY, "2028-04-28 17:00", "5 working_hours", "2028-05-02 10:00"),
    ("hours end with the day, not with the next one's start", MAY_DAY, "2028-04-28 17:00", "1 working_hours", "2028-04-28 18:00"),
    ("lunch is nobody's working time", MAY_DAY, "2028-05-03 11:30", "1 working_hours", "2028-05-03 13:30"),
    ("in the lunch hour nothing has been used", MAY_DAY, "2028-05-03 12:20", "1 working_hours", "2028-05-03 14:00"),
    ("plain days ask no calendar", MAY_DAY, "2028-04-28 17:00", "2 days", "2028-04-30 17:00"),
    ("nor do plain hours", MAY_DAY, "2028-04-28 17:00", "30 hours", "2028-04-29 23:00"),
    ("spring: the same time of day, 23 hours later", GERMAN, "2026-03-28 12:00", "1 days", "2026-03-29 12:00"),
    ("spring: 02:30 is skipped, so it is over when 03:00 begins", GERMAN, "2026-03-28 02:30", "1 days", "2026-03-29 03:00"),
    ("autumn: the first of two", GERMAN, "2026-10-24 02:30", "1 days", "2026-10-25 02:30"),
    ("spring: a night has three hours", NIGHT, "2026-03-29 00:00", "4 working_hours", "2026-03-30 02:00"),
    ("autumn: a night has five", NIGHT, "2026-10-25 00:00", "4 working_hours", "2026-10-25 04:00"),
    ("spring: half a night of three hours", NIGHT, "2026-03-28 03:00", "1 working_days", "2026-03-29 03:30"),
    ("a year's turn", CHINESE, "2026-12-31 17:00", "2 working_hours", "2027-01-01 10:00"),
    ("Samoa had no 30 December 2011", SAMOAN, "2011-12-29 09:00", "2 working_days", "2012-01-02 18:00"),
    ("and who was due then had until it was over", SAMOAN, "2011-12-29 10:00", "1 days", "2011-12-31 00:00"),
    (
        "a minute of Sunday before Saturday's last hour comes again",
        WHOLE,
        "2010-11-06 00:00",
        "2 working_days",
        "2010-11-08 00:00",
    ),
    ("half an hour of daylight saving", ISLAND, "2026-10-04 01:00", "1 working_days", "2026-10-04 03:00"),
    ("of which an hour and a half are left", ISLAND, "2026-10-04 01:00", "2 working_hours", "2026-10-05 01:30"),
]


@pytest.mark.parametrize(("why", "hours", "start", "lasts", "due"), EXAMPLES, ids=[row[0] for row in EXAMPLES])
def test_examples(why: str, hours: WorkingHours, start: str, lasts: str, due: str) -> None:
    amount, unit = lasts.split()
    zone = ZoneInfo(hours.time_zone)
    found = WorkingCalendar(hours).add(
        datetime.fromisoformat(start).replace(tzinfo=zone).astimezone(UTC), span(int(amount), unit)
    )
    assert found.astimezone(zone).strftime("%Y-%m-%d %H:%M") == due
    assert (found.second, found.microsecond) == (0, 0)


PAUSES = [
    ("a weekend costs nothing", "2028-05-08 12:00", "2028-05-05 18:00", "2028-05-08 08:00", "working_hours", "2028-05-08 12:00"),
    (
        "a morning does, lunch too",
        "2028-05-08 12:00",
        "2028-05-08 09:00",
        "2028-05-08 11:00",
        "working_hours",
        "2028-05-08 15:00",
    ),
    ("half a day is half of any", "2028-05-04 18:00", "2028-05-04 14:00", "2028-05-10 00:00", "working_days", "2028-05-10 14:00"),
    ("plain time is made up for", "2028-05-08 12:00", "2028-05-05 18:00", "2028-05-06 00:00", "days", "2028-05-08 18:00"),
    (
        "never earlier than a Sunday",
        "2028-05-07 12:00",
        "2028-05-05 12:15",
        "2028-05-05 12:45",
        "working_hours",
        "2028-05-07 12:00",
    ),
    ("what is over stays over", "2028-05-08 12:00", "2028-05-08 12:00", "2028-05-09 12:00", "days", "2028-05-08 12:00"),
]


@pytest.mark.parametrize(("why", "due", "paused", "resumed", "unit", "expected"), PAUSES, ids=[row[0] for row in PAUSES])
def test_examples_of_pauses(why: str, due: str, paused: str, resumed: str, unit: str, expected: str) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    due_at, paused_at, resumed_at = (datetime.fromisoformat(each).replace(tzinfo=zone) for each in (due, paused, resumed))
    found = WorkingCalendar(office()).resume(due_at, paused_at, resumed_at, SpanUnit(unit))
    assert found.astimezone(zone).strftime("%Y-%m-%d %H:%M") == expected


def test_a_part_of_a_second_is_rounded_up_and_never_down() -> None:
    calendar = WorkingCalendar(office("UTC"))
    start = datetime(2026, 3, 2, 9, 30, 15, 1, tzinfo=UTC)
    assert calendar.add(start, span(1, "working_hours")) == datetime(2026, 3, 2, 10, 30, 16, tzinfo=UTC)
    assert calendar.add(start, span(1, "hours")) == start + timedelta(hours=1)
    assert calendar.add(start, span(1, "days")) == start + timedelta(days=1)


def test_the_longest_spans_end_in_the_sparsest_calendar() -> None:
    """An hour a week, and every holiday in its way."""
    mondays = [date(2026, 3, 2) + timedelta(weeks=week) for week in range(1_000)]
    hours = {"time_zone": "UTC", "weekly": {"monday": [["09:00", "10:00"]]}, "holidays": mondays}
    calendar = WorkingCalendar(WorkingHours.model_validate(hours))
    last = datetime(2026, 3, 2, 10, tzinfo=UTC) + timedelta(weeks=1_000 + 3_650 - 1)
    for unit in ("working_hours", "working_days"):
        assert calendar.add(datetime(2026, 3, 1, tzinfo=UTC), span(3_650, unit)) == last
    assert calendar.add(datetime(2026, 3, 1, tzinfo=UTC), span(87_600, "hours")).year == 2036


# The model: calendars at random, in places and times where clocks do everything that they do.

WINDOW = timedelta(days=100)
PLACES = [
    ("Europe/Berlin", date(2026, 3, 1)),
    ("Europe/Berlin", date(2026, 10, 1)),
    ("America/New_York", date(2026, 2, 20)),
    ("America/New_York", date(2026, 10, 10)),
    ("Asia/Shanghai", date(2026, 11, 20)),
    ("Australia/Lord_Howe", date(2026, 3, 10)),
    ("Australia/Lord_Howe", date(2026, 9, 10)),
    ("Pacific/Apia", date(2011, 12, 1)),
    ("America/Havana", date(2026, 10, 10)),
    ("Asia/Beirut", date(2026, 3, 10)),
    ("Asia/Beirut", date(2026, 10, 1)),
    ("Antarctica/Troll", date(2026, 3, 10)),
    ("Africa/Casablanca", date(2026, 1, 25)),
    ("Asia/Kathmandu", date(2026, 12, 1)),
]
"""Changes by an hour, by half of one, by two, at midnight, within winter, of a whole date; none; and turns of the year."""


def clock(quarter: int) -> str:
    return f"{quarter // 4:02}:{quarter % 4 * 15:02}"


QUARTERS = st.one_of(st.integers(0, 96), st.integers(0, 16))
"""Nights more often: clocks change then."""
PERIODS = st.lists(QUARTERS, max_size=6, unique=True).map(
    lambda marks: [[clock(start), clock(end)] for start, end in zip(*[iter(sorted(marks))] * 2, strict=False)]
)


@st.composite
def calendars(draw: Callable[..., Any]) -> tuple[WorkingHours, datetime]:
    """Hours, and when their window begins."""
    zone, first = draw(st.sampled_from(PLACES))
    dates = st.integers(0, WINDOW.days).map(lambda days: (first + timedelta(days=days)).isoformat())
    special = draw(st.dictionaries(dates, PERIODS, max_size=12))
    hours = {
        "time_zone": zone,
        "weekly": draw(st.fixed_dictionaries(dict.fromkeys(DAYS, PERIODS))),
        "holidays": [day for day, periods in special.items() if not periods],
        "working_dates": [{"date": day, "periods": periods} for day, periods in special.items() if periods],
    }
    try:
        return WorkingHours.model_validate(hours), datetime(first.year, first.month, first.day, tzinfo=UTC)
    except ValidationError:
        assume(False)
        raise


def moments(begin: datetime, days: int) -> st.SearchStrategy[datetime]:
    return st.integers(0, days * 86_400).map(lambda second: begin + timedelta(seconds=second))


@settings(max_examples=60)
@given(calendars(), st.data())
def test_it_is_what_counting_slots_gives(drawn: tuple[WorkingHours, datetime], data: st.DataObject) -> None:
    hours, begin = drawn
    end = begin + WINDOW
    calendar, naive = WorkingCalendar(hours), NaiveCalendar(hours, begin, end)
    for unit in SpanUnit:
        start = data.draw(moments(begin + timedelta(days=2), 50))
        most = 40 if unit is SpanUnit.days else 900
        if unit.startswith("working"):
            most = int(naive.worked(end - timedelta(days=3), unit) - naive.worked(start, unit))
        if most < 1:
            continue
        amount = data.draw(st.integers(1, most))
        due_at = calendar.add(start, Span(amount=amount, unit=unit))
        assert due_at == naive.add(start, amount, unit)

        paused_at = data.draw(st.datetimes(start.replace(tzinfo=None), due_at.replace(tzinfo=None)))
        paused_at = paused_at.replace(microsecond=0, tzinfo=UTC)
        resumed_at = paused_at + timedelta(seconds=data.draw(st.integers(0, 10 * 86_400)))
        found = calendar.resume(due_at, paused_at, resumed_at, unit)
        if paused_at in (due_at, resumed_at):
            assert found == due_at
        elif resumed_at + (due_at - paused_at) < end - timedelta(days=3) and found < end - timedelta(days=3):
            assert found == naive.resume(due_at, paused_at, resumed_at, unit)
        if unit.startswith("working") and naive.worked(paused_at, unit) == naive.worked(resumed_at, unit):
            assert found == due_at


# The laws, with moments to the microsecond.

UNITS = st.sampled_from(SpanUnit)
AMOUNTS = st.integers(1, 200)
OFFSETS = st.timedeltas(timedelta(0), timedelta(days=20))


def works(hours: WorkingHours, moment: datetime) -> bool:
    local = moment.astimezone(ZoneInfo(hours.time_zone))
    special = {day.date: day.periods for day in hours.working_dates} | dict.fromkeys(hours.holidays, ())
    periods = special.get(local.date(), hours.weekly.days[local.weekday()])
    return any(start <= local.hour * 60 + local.minute < end for start, end in periods)


@given(calendars(), UNITS, AMOUNTS, OFFSETS, OFFSETS)
def test_laws_of_adding(
    drawn: tuple[WorkingHours, datetime], unit: SpanUnit, amount: int, offset: timedelta, later: timedelta
) -> None:
    hours, begin = drawn
    calendar, start = WorkingCalendar(hours), begin + offset
    due_at = calendar.add(start, Span(amount=amount, unit=unit))
    assert calendar.add(start, Span(amount=0, unit=unit)) == start
    assert due_at > start

    longer = calendar.add(start, Span(amount=amount + 1, unit=unit))
    assert longer > due_at or (longer == due_at and unit is SpanUnit.days), "a day may have been skipped"
    zone = ZoneInfo(hours.time_zone)
    comes_twice = start.astimezone(zone).replace(tzinfo=None) > (start + later).astimezone(zone).replace(tzinfo=None)
    if unit is not SpanUnit.days or not comes_twice:
        assert calendar.add(start + later, Span(amount=amount, unit=unit)) >= due_at
    if unit.startswith("working"):
        assert due_at.microsecond == 0
        assert works(hours, due_at - timedelta(microseconds=1))
    else:
        assert WorkingCalendar(office(hours.time_zone)).add(start, Span(amount=amount, unit=unit)) == due_at


@given(calendars(), UNITS, AMOUNTS, AMOUNTS, OFFSETS)
def test_two_spans_one_after_the_other_are_never_shorter_than_both_at_once(
    drawn: tuple[WorkingHours, datetime], unit: SpanUnit, first: int, second: int, offset: timedelta
) -> None:
    """And exactly as long where nothing is rounded: hours from a whole second, working days from a midnight."""
    hours, begin = drawn
    assume(unit is not SpanUnit.days)
    calendar, start = WorkingCalendar(hours), (begin + offset).replace(microsecond=0)

    def spans(start: datetime) -> tuple[datetime, datetime]:
        at_once = calendar.add(start, Span(amount=first + second, unit=unit))
        return at_once, calendar.add(calendar.add(start, Span(amount=first, unit=unit)), Span(amount=second, unit=unit))

    at_once, one_by_one = spans(start)
    assert one_by_one == at_once or (one_by_one > at_once and unit is SpanUnit.working_days)
    midnight = datetime.combine(start.astimezone(ZoneInfo(hours.time_zone)), time(), ZoneInfo(hours.time_zone))
    at_once, one_by_one = spans(midnight.astimezone(UTC))
    assert one_by_one == at_once


@given(calendars(), UNITS, AMOUNTS, OFFSETS, st.timedeltas(timedelta(0), timedelta(days=30)), OFFSETS, OFFSETS)
def test_laws_of_resuming(
    drawn: tuple[WorkingHours, datetime],
    unit: SpanUnit,
    amount: int,
    offset: timedelta,
    until_pause: timedelta,
    pause: timedelta,
    more: timedelta,
) -> None:
    hours, begin = drawn
    calendar, start = WorkingCalendar(hours), begin + offset
    due_at = calendar.add(start, Span(amount=amount, unit=unit))
    paused_at = start + until_pause
    resumed_at = paused_at + pause
    resumed = calendar.resume(due_at, paused_at, resumed_at, unit)
    assert resumed >= due_at
    assert calendar.resume(due_at, paused_at, paused_at, unit) == due_at
    assert calendar.resume(due_at, paused_at, resumed_at + more, unit) >= resumed, "a longer pause gives no less"
    assert calendar.resume(due_at, due_at, due_at + pause, unit) == due_at
    assert calendar.resume(due_at, due_at + pause, due_at + pause + more, unit) == due_at
    if paused_at < due_at:
        assert resumed >= resumed_at, "something was left"
    again = calendar.resume(resumed, resumed_at, resumed_at + more, unit)
    at_once = calendar.resume(due_at, paused_at, resumed_at + more, unit)
    assert again >= at_once
    if unit.startswith("working"):
        assert again <= calendar.add(at_once, span(1, "working_hours")), "rounded once more, it may reach into the next period"
    else:
        assert again == at_once


def test_without_a_calendar_every_hour_counts() -> None:
    start = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert ROUND_THE_CLOCK.add(start, span(5, "working_hours")) == start + timedelta(hours=5)
    assert ROUND_THE_CLOCK.add(start, span(5, "working_days")) == start + timedelta(days=5)


# What a calendar may say.

WEEK = {"monday": [["09:00", "17:00"]]}
HOURS: dict[str, Any] = {"time_zone": "Asia/Shanghai", "weekly": WEEK}
GOOD = [
    HOURS,
    {**HOURS, "weekly": {"sunday": [["00:00", "24:00"]]}},
    {**HOURS, "weekly": {"monday": [["09:00", "12:00"], ["12:00", "17:00"]]}},
    {**HOURS, "weekly": {"monday": [["09:00", "09:30"]], "friday": [["09:00", "09:30"]]}},
    {**HOURS, "time_zone": "UTC"},
    {**HOURS, "holidays": ["2026-05-01"], "working_dates": [{"date": "2026-05-02", "periods": [["09:00", "10:00"]]}]},
    {**HOURS, "holidays": [(date(2026, 1, 1) + timedelta(days=day)).isoformat() for day in range(1_000)]},
]
BAD = [
    ("calendar_empty", {"weekly": {}}),
    ("calendar_empty", {"weekly": {"monday": [["09:00", "09:59"]]}}),
    ("period_empty", {"weekly": {"monday": [["09:00", "09:00"]]}}),
    ("period_empty", {"weekly": {"monday": [["22:00", "06:00"]]}}),
    ("period_empty", {"weekly": {"monday": [["24:00", "24:00"]]}}),
    ("periods_overlap", {"weekly": {"monday": [["09:00", "12:00"], ["11:59", "17:00"]]}}),
    ("periods_overlap", {"weekly": {"monday": [["13:00", "17:00"], ["09:00", "12:00"]]}}),
    ("clock_time", {"weekly": {"monday": [["9:00", "17:00"]]}}),
    ("clock_time", {"weekly": {"monday": [["09:00", "24:01"]]}}),
    ("clock_time", {"weekly": {"monday": [["09:00", "17:60"]]}}),
    ("clock_time", {"weekly": {"monday": [["09:00", "17:00\n"]]}}),
    ("clock_time", {"weekly": {"monday": [["09:00", "17:00:00"]]}}),
    ("clock_time", {"weekly": {"monday": [["٠٩:00", "17:00"]]}}),
    ("clock_time", {"weekly": {"monday": [[540, 1020]]}}),
    ("missing", {"weekly": {"monday": [["09:00"]]}}),
    ("too_long", {"weekly": {"monday": [["09:00", "17:00", "18:00"]]}}),
    ("too_long", {"weekly": {"monday": [[clock(mark), clock(mark + 1)] for mark in range(25)]}}),
    ("extra_forbidden", {"weekly": {**WEEK, "someday": []}}),
    ("dates_twice", {"holidays": ["2026-05-01", "2026-05-01"]}),
    ("dates_twice", {"holidays": ["2026-05-01"], "working_dates": [{"date": "2026-05-01", "periods": OFFICE}]}),
    ("dates_twice", {"working_dates": [{"date": "2026-05-01", "periods": OFFICE}] * 2}),
    ("too_short", {"working_dates": [{"date": "2026-05-01", "periods": []}]}),
    ("too_long", {"holidays": [(date(2026, 1, 1) + timedelta(days=day)).isoformat() for day in range(1_001)]}),
    ("date_from_datetime_parsing", {"holidays": ["1 May"]}),
    ("date_from_datetime_parsing", {"holidays": ["2026-02-29"]}),
    ("time_zone", {"time_zone": "Europe/Atlantis"}),
    ("time_zone", {"time_zone": "../../etc/passwd"}),
    ("time_zone", {"time_zone": "/usr/share/zoneinfo/UTC"}),
    ("time_zone", {"time_zone": "localtime"}),
    ("time_zone", {"time_zone": "Factory"}),
    ("time_zone", {"time_zone": ""}),
    ("string_too_long", {"time_zone": "x" * 65}),
]


@pytest.mark.parametrize("said", GOOD, ids=range(len(GOOD)))
def test_good_hours_come_out_as_they_went_in(said: dict[str, Any]) -> None:
    hours = WorkingHours.model_validate(said)
    assert WorkingHours.model_validate_json(hours.model_dump_json()) == hours
    shown = hours.model_dump(mode="json")
    assert all(shown["weekly"][day] == said["weekly"].get(day, []) for day in DAYS)


@pytest.mark.parametrize(("error", "changed"), BAD, ids=range(len(BAD)))
def test_bad_hours_are_refused_with_a_reason(error: str, changed: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        WorkingHours.model_validate({**HOURS, **changed})
    assert {found["type"] for found in refused.value.errors()} == {error}


def test_every_zone_of_the_database_is_one_whose_time_can_be_told() -> None:
    zones = TypeAdapter(TimeZone)
    for name in available_timezones() - {"localtime", "Factory"}:
        assert ZoneInfo(zones.validate_python(name)).utcoffset(datetime(2026, 3, 2)) is not None


SPANS: list[tuple[str | None, dict[str, Any]]] = [
    (None, {"amount": 0, "unit": "days"}),
    (None, {"amount": 87_600, "unit": "hours"}),
    (None, {"amount": 3_650, "unit": "working_days"}),
    ("span_long", {"amount": 3_651, "unit": "days"}),
    ("span_long", {"amount": 3_651, "unit": "working_hours"}),
    ("less_than_equal", {"amount": 87_601, "unit": "hours"}),
    ("greater_than_equal", {"amount": -1, "unit": "hours"}),
    ("int_type", {"amount": "7", "unit": "days"}),
    ("int_type", {"amount": 7.0, "unit": "days"}),
    ("int_type", {"amount": True, "unit": "days"}),
    ("enum", {"amount": 7, "unit": "weeks"}),
    ("missing", {"amount": 7}),
    ("extra_forbidden", {"amount": 7, "unit": "days", "about": 1}),
]


@pytest.mark.parametrize(("error", "said"), SPANS, ids=range(len(SPANS)))
def test_spans(error: str | None, said: dict[str, Any]) -> None:
    if error is None:
        assert Span.model_validate(said).model_dump(mode="json") == said
        return
    with pytest.raises(ValidationError) as refused:
        Span.model_validate(said)
    assert [found["type"] for found in refused.value.errors()] == [error]
