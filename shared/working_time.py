"""Working time: when a unit works, and what a deadline of some hours, days, working hours or working days comes to.

A moment is working time when its date and time of day in the calendar's zone lie in a period, whatever the clocks do there: an
hour that is skipped is nobody's working time, an hour that comes twice counts twice. Arithmetic is exact; a result in working
units is the next whole second, never an earlier one.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import cache
from itertools import accumulate, pairwise
from math import ceil
from typing import Annotated, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError


class SpanUnit(StrEnum):
    """`hours` pass by themselves; `days` end at the same time of day; the others count working time only."""

    hours = "hours"
    days = "days"
    working_hours = "working_hours"
    working_days = "working_days"


WORKING = frozenset({SpanUnit.working_hours, SpanUnit.working_days})
MOST_HOURS = 87_600
MOST = 3_650


class Span(BaseModel):
    """How long: at most ten years of hours or days, or 3650 working hours or days."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: Annotated[int, Field(strict=True, ge=0, le=MOST_HOURS)]
    unit: SpanUnit

    @model_validator(mode="after")
    def _not_for_ever(self) -> Self:
        if self.unit is not SpanUnit.hours and self.amount > MOST:
            raise PydanticCustomError("span_long", "must be at most 3650; only plain hours may be more")
        return self


CLOCK = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"


def _minute(value: object) -> int:
    if not isinstance(value, str) or not re.match(CLOCK, value) or len(value) != len("00:00"):
        raise PydanticCustomError("clock_time", "must be a time of day from 00:00 to 24:00, written HH:MM")
    return int(value[:2]) * 60 + int(value[3:])


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _in_order(periods: "Sequence[Period]") -> "Sequence[Period]":
    if any(start >= end for start, end in periods):
        raise PydanticCustomError("period_empty", "must end after it starts; a period over midnight is two, one on each day")
    if any(end > start for (_, end), (start, _) in pairwise(periods)):
        raise PydanticCustomError("periods_overlap", "must be in the order of the day and must not overlap")
    return periods


def _known_zone(value: str) -> str:
    if value not in _zones():
        raise PydanticCustomError("time_zone", "must be a time zone of the IANA database, for example Europe/Berlin")
    return value


@cache
def _zones() -> frozenset[str]:
    """Without two that some systems keep beside the database: the machine's own zone, and the one before it is set."""
    return frozenset(available_timezones()) - {"localtime", "Factory"}


Minute = Annotated[
    int,
    BeforeValidator(_minute),
    PlainSerializer(_clock, return_type=str),
    WithJsonSchema({"type": "string", "pattern": CLOCK, "examples": ["09:00"]}),
]
"""Minutes since midnight; `HH:MM` in JSON."""
Period = tuple[Minute, Minute]
Periods = Annotated[tuple[Period, ...], Field(max_length=24), AfterValidator(_in_order)]
TimeZone = Annotated[str, Field(max_length=64), AfterValidator(_known_zone)]


class Week(BaseModel):
    """The periods of each weekday, `[["09:00", "12:00"], ["13:30", "17:30"]]`; none on a day that is left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    monday: Periods = ()
    tuesday: Periods = ()
    wednesday: Periods = ()
    thursday: Periods = ()
    friday: Periods = ()
    saturday: Periods = ()
    sunday: Periods = ()

    @property
    def days(self) -> tuple[Sequence[Period], ...]:
        return (self.monday, self.tuesday, self.wednesday, self.thursday, self.friday, self.saturday, self.sunday)


class WorkingDate(BaseModel):
    """A date with periods of its own, in place of its weekday's: a Saturday that works, a short Christmas Eve."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    date: date
    periods: Annotated[Periods, Field(min_length=1)]


MOST_DATES = 1_000
LEAST_WEEK = 60


def _has_working_time(week: Week) -> Week:
    if sum(end - start for periods in week.days for start, end in periods) < LEAST_WEEK:
        raise PydanticCustomError("calendar_empty", "must hold at least one hour of working time")
    return week


def check_dates(holidays: Iterable[date], working_dates: Iterable[WorkingDate]) -> None:
    """For validators: raises when a date is named twice."""
    dates = [*holidays, *(day.date for day in working_dates)]
    if len(set(dates)) < len(dates):
        raise PydanticCustomError("dates_twice", "must name each date once, as a holiday or as a working date")


WorkingWeek = Annotated[Week, AfterValidator(_has_working_time)]
WorkingDates = Annotated[tuple[WorkingDate, ...], Field(max_length=MOST_DATES)]


class WorkingHours(BaseModel):
    """What a calendar says. An hour in every week, and at most 1000 holidays: so no span is without end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time_zone: TimeZone
    weekly: WorkingWeek
    holidays: Annotated[tuple[date, ...], Field(max_length=MOST_DATES)] = ()
    working_dates: WorkingDates = ()

    @model_validator(mode="after")
    def _names_each_date_once(self) -> Self:
        check_dates(self.holidays, self.working_dates)
        return self


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = EPOCH.toordinal()
DAY = 86_400
SECOND = 1_000_000
HOUR = 3_600 * SECOND
MICROSECOND = timedelta(microseconds=1)
HORIZON = 120
"""Years. The longest span in the sparsest calendar, with every holiday in its way, ends before."""


@dataclass(frozen=True, slots=True)
class _Year:
    """The working time of a year's dates, in microseconds since the epoch or of working time.

    `before`: what was worked before each stretch; `edges`: before each working date, and at the end.
    """

    starts: list[int]
    ends: list[int]
    before: list[int]
    edges: list[int]

    @property
    def days(self) -> int:
        return len(self.edges) - 1

    def worked(self, moment: int) -> int:
        found = bisect_right(self.starts, moment) - 1
        return self.before[found] + min(moment, self.ends[found]) - self.starts[found] if found >= 0 else 0

    def when_worked(self, amount: int) -> int:
        """The first moment by which so much (more than nothing) was worked."""
        found = bisect_left(self.before, amount) - 1
        return self.starts[found] + amount - self.before[found]

    def days_worked(self, moment: int) -> Fraction:
        worked = self.worked(moment)
        day = bisect_right(self.edges, worked) - 1
        if day == self.days:
            return Fraction(day)
        length = self.edges[day + 1] - self.edges[day]
        return Fraction(day * length + worked - self.edges[day], length)

    def when_days_worked(self, amount: Fraction) -> int:
        day = ceil(amount) - 1
        start, end = self.edges[day : day + 2]
        return self.when_worked(start + ceil((amount - day) * (end - start)))


class WorkingCalendar:
    """Working hours made ready for arithmetic. Years are laid out when they are first needed, about a millisecond each."""

    __slots__ = ("_dates", "_week", "_years", "_zone")

    def __init__(self, hours: WorkingHours) -> None:
        self._zone = ZoneInfo(hours.time_zone)
        self._week = hours.weekly.days
        self._dates: dict[int, Sequence[Period]] = {_number(holiday): () for holiday in hours.holidays}
        self._dates.update((_number(day.date), day.periods) for day in hours.working_dates)
        self._years: dict[int, _Year] = {}

    @property
    def zone(self) -> ZoneInfo:
        return self._zone

    def add(self, start: datetime, span: Span) -> datetime:
        """When the span is over that starts at `start`; of the working units, only working time counts. An amount of 0 is over
        at once. In working units the result lies in a period or at its end."""
        if span.amount == 0:
            return start
        if span.unit is SpanUnit.hours:
            return start + timedelta(hours=span.amount)
        if span.unit is SpanUnit.days:
            return self._days_later(start, span.amount)
        return self._work_on(start, span.amount * HOUR if span.unit is SpanUnit.working_hours else span.amount, span.unit)

    def resume(self, due_at: datetime, paused_at: datetime, resumed_at: datetime, unit: SpanUnit) -> datetime:
        """The new end of a span that stood still: what was left at `paused_at`, measured in its unit, is left from `resumed_at`.

        Never earlier than `due_at`; what was over before the pause stays over.
        """
        if paused_at >= due_at or resumed_at <= paused_at:
            return due_at
        if unit not in WORKING:
            return due_at + (resumed_at - paused_at)
        left = self._work_between(paused_at, due_at, unit)
        return max(due_at, self._work_on(resumed_at, left, unit)) if left else due_at

    def _days_later(self, start: datetime, days: int) -> datetime:
        local = start.astimezone(self._zone).replace(tzinfo=None, fold=0) + timedelta(days=days)
        moment = local.replace(tzinfo=self._zone).astimezone(UTC)
        if moment.astimezone(self._zone).replace(tzinfo=None) == local:
            return moment
        skipping = _seconds(local.replace(tzinfo=self._zone, fold=1).astimezone(UTC))
        return EPOCH + timedelta(seconds=_next_change(self._zone, skipping, _seconds(moment) + 1))

    def _work_on(self, start: datetime, amount: int | Fraction, unit: SpanUnit) -> datetime:
        first, worked = self._place(start, unit)
        left = worked + amount
        for number in range(first, first + HORIZON):
            year = self._year(number)
            total = year.edges[-1] if unit is SpanUnit.working_hours else year.days
            if left <= total:
                moment = year.when_worked(int(left)) if unit is SpanUnit.working_hours else year.when_days_worked(Fraction(left))
                return EPOCH + timedelta(seconds=-(-moment // SECOND))
            left -= total
        raise ValueError(f"the calendar has too little working time: {amount} {unit} do not end within {HORIZON} years")

    def _work_between(self, start: datetime, end: datetime, unit: SpanUnit) -> int | Fraction:
        (first, before), (last, after) = self._place(start, unit), self._place(end, unit)
        years = (self._year(number) for number in range(first, last))
        return after - before + sum(year.edges[-1] if unit is SpanUnit.working_hours else year.days for year in years)

    def _place(self, moment: datetime, unit: SpanUnit) -> tuple[int, int | Fraction]:
        """The moment's year in the calendar's zone, and how much of that year's working time was over."""
        number = moment.astimezone(self._zone).year
        year, since = self._year(number), (moment - EPOCH) // MICROSECOND
        return number, year.worked(since) if unit is SpanUnit.working_hours else year.days_worked(since)

    def _year(self, number: int) -> _Year:
        found = self._years.get(number)
        if found is None:
            found = self._years[number] = self._lay_out(number)
        return found

    def _lay_out(self, year: int) -> _Year:
        stretches = list(self._stretches(_number(date(year, 1, 1)), _number(date(year + 1, 1, 1))))
        lengths = [(end - start) * SECOND for start, end, _ in stretches]
        before = [0, *accumulate(lengths)]
        # A date may begin before clocks go back into the one before: what comes in between counts to the earlier date.
        days = list(accumulate((day for *_, day in reversed(stretches)), min))[::-1]
        changes = [place for place in range(1, len(days)) if days[place] != days[place - 1]]
        edges = [before[place] for place in ([0, *changes] if days else [])]
        return _Year(
            starts=[start * SECOND for start, _, _ in stretches],
            ends=[end * SECOND for _, end, _ in stretches],
            before=before[:-1],
            edges=[*edges, before[-1]],
        )

    def _stretches(self, first: int, last: int) -> Iterator[tuple[int, int, int]]:
        """Start and end (seconds since the epoch) of working time, and its date, for the dates from `first` until `last`."""
        for start, end, offset in _steady(self._zone, (first - 1) * DAY, (last + 1) * DAY):
            for day in range(max(first, (start + offset) // DAY), min(last - 1, (end - 1 + offset) // DAY) + 1):
                midnight = day * DAY - offset
                for opens, closes in self._dates.get(day, self._week[(day + 3) % 7]):
                    stretch = max(start, midnight + opens * 60), min(end, midnight + closes * 60)
                    if stretch[0] < stretch[1]:
                        yield *stretch, day


def _number(day: date) -> int:
    """Days since the epoch, which was a Thursday."""
    return day.toordinal() - EPOCH_ORDINAL


def _seconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(seconds=1)


def _offset(zone: ZoneInfo, second: int) -> int:
    offset = (EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    assert offset is not None
    return offset // timedelta(seconds=1)


def _next_change(zone: ZoneInfo, start: int, end: int) -> int:
    """The first second after `start` at which the zone has another offset; `end` if there is none before."""
    offset = _offset(zone, start)
    for low in range(start, end, DAY):
        high = min(low + DAY, end)
        if _offset(zone, high) != offset:
            return low + bisect_left(range(low, high), True, key=lambda second: _offset(zone, second) != offset)
    return end


def _steady(zone: ZoneInfo, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Stretches of seconds in which the zone's offset stays as it is, with that offset."""
    while start < end:
        change = _next_change(zone, start, end)
        yield start, change, _offset(zone, start)
        start = change


ROUND_THE_CLOCK = WorkingCalendar(
    WorkingHours(time_zone="UTC", weekly=Week.model_validate({day: [["00:00", "24:00"]] for day in Week.model_fields}))
)
"""Every hour of every day, in UTC: for policies without a calendar."""
