"""When a plan comes round: RFC 5545 recurrence at the grain of days, in wall-clock time.

The same set as python-dateutil's `rrule` (the tests compare them), but with work bounded by the horizon: a rule that never
matches keeps dateutil busy until the year 9999. A visit at nine stays at nine when daylight saving begins or ends.
"""

import re
from calendar import isleap, monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from shared.errors import Invalid

MOST_OCCURRENCES = 366
LONGEST_INTERVAL = 366
A_DAY = timedelta(days=1)
A_TICK = timedelta(microseconds=1)
WEEKDAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
PART = re.compile(r"([A-Z]{1,20})=([A-Z0-9,+-]{1,400})")
NUMBER = re.compile(r"[+-]?[0-9]{1,3}")
WEEKDAY = re.compile(r"([+-]?[0-9]{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
MOMENT = re.compile(r"([0-9]{8})(?:T([0-9]{6})(Z?))?")


class Frequency(StrEnum):
    daily = "DAILY"
    weekly = "WEEKLY"
    monthly = "MONTHLY"
    yearly = "YEARLY"


@dataclass(frozen=True, slots=True)
class Recurrence:
    """A parsed RRULE. `by_day` holds (ordinal, weekday), ordinal 0 for every such day; `until` is aware only if it said Z."""

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    week_start: int = 0
    by_month: frozenset[int] = frozenset()
    by_month_day: frozenset[int] = frozenset()
    by_year_day: frozenset[int] = frozenset()
    by_day: frozenset[tuple[int, int]] = frozenset()
    by_position: frozenset[int] = frozenset()


@lru_cache(maxsize=1024)
def parse(text: str) -> Recurrence:
    """The rule that an RRULE value stands for. Raises `Invalid` for what is malformed, finer than a day, or not offered."""
    parts = _split(text)
    if "FREQ" not in parts:
        raise _wrong("needs FREQ")
    if parts["FREQ"] not in set(Frequency):
        raise _wrong("FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY")
    if "COUNT" in parts and "UNTIL" in parts:
        raise _wrong("COUNT and UNTIL exclude each other")
    rule = Recurrence(
        frequency=Frequency(parts["FREQ"]),
        interval=_number("INTERVAL", parts.get("INTERVAL", "1"), 1, LONGEST_INTERVAL),
        count=_number("COUNT", parts["COUNT"], 1, MOST_OCCURRENCES) if "COUNT" in parts else None,
        until=_moment(parts["UNTIL"]) if "UNTIL" in parts else None,
        week_start=_week_start(parts.get("WKST", "MO")),
        by_month=_numbers(parts, "BYMONTH", 1, 12),
        by_month_day=_numbers(parts, "BYMONTHDAY", 1, 31, signed=True),
        by_year_day=_numbers(parts, "BYYEARDAY", 1, 366, signed=True),
        by_day=_days(parts),
        by_position=_numbers(parts, "BYSETPOS", 1, 366, signed=True),
    )
    _check_combination(rule)
    return rule


def wall_times(rule: Recurrence | None, first: datetime, until: datetime, *, after: datetime | None = None) -> Iterator[datetime]:
    """Naive wall-clock times from `first` to `until`, both naive and included, but only those `after` a moment if one is given;
    `first` alone without a rule. How long ago `first` was costs nothing unless the rule counts."""
    since = max(first, after + A_TICK) if after else first
    if rule is None:
        if first >= since:
            yield first
        return
    assert rule.until is None or rule.until.tzinfo is None
    end = min(until, rule.until) if rule.until else until
    made = 0
    clock = first.time()
    for day in _matching(rule, first.date(), since.date() if rule.count is None else first.date(), end.date()):
        moment = datetime.combine(day, clock)
        if moment > end or made == rule.count:
            return
        made += moment >= first
        if moment >= since:
            yield moment


def occurrences(
    rule: Recurrence | None, starts_at: datetime, zone: str, until: datetime, *, after: datetime | None = None
) -> Iterator[datetime]:
    """Moments in UTC from `starts_at` to `until` (all aware), those `after` a moment if one is given. An hour that a spring skips
    becomes the one after it; of an hour that an autumn repeats, the first is meant."""
    place = find_zone(zone)
    first = _wall(starts_at, place)
    if rule and rule.until and rule.until.tzinfo:
        until, rule = min(until, rule.until), replace(rule, until=None)
    for wall in wall_times(rule, first, _wall(until, place) + A_DAY, after=_wall(after, place) - A_DAY if after else None):
        moment = starts_at if wall == first else wall.replace(tzinfo=place).astimezone(UTC)
        if moment > until:
            return
        if after is None or moment > after:
            yield moment


@cache
def _zone_names() -> frozenset[str]:
    """Of places: not what a machine is set to, nor what stands for none. Finding them reads hundreds of files."""
    return frozenset(available_timezones() - {"localtime", "Factory"})


def find_zone(name: str) -> ZoneInfo:
    """Raises `Invalid` for a name that the IANA time zone database does not have."""
    if name not in _zone_names():
        raise Invalid("unknown-time-zone", "time_zone must be a name of the IANA database, for example Asia/Shanghai or UTC.")
    return ZoneInfo(name)


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _matching(rule: Recurrence, first: date, since: date, last: date) -> Iterator[date]:
    """The days of the rule, in order, from the last period that begins no later than `since`."""
    passed = max(0, _PASSED[rule.frequency](first, since))
    step = passed - passed % rule.interval
    if step and PERIOD[rule.frequency](rule, first, step)[0] > since:
        step -= rule.interval
    stride = _stride(rule)
    if stride is None:
        for days in _periods(rule, first, step, last):
            yield from _chosen(rule, days, first)
        return
    day, _ = PERIOD[rule.frequency](rule, first, step)
    if rule.frequency is Frequency.weekly:
        weekday = next((weekday for _, weekday in rule.by_day), first.weekday())
        day += timedelta(days=(weekday - day.weekday()) % 7)
    while day <= last:
        yield day
        day += stride


def _stride(rule: Recurrence) -> timedelta | None:
    """How far the days of the rule lie apart, if always equally far: the rules that most plans have."""
    if rule.by_month or rule.by_month_day or rule.by_position:
        return None
    if rule.frequency is Frequency.daily and not rule.by_day:
        return A_DAY * rule.interval
    if rule.frequency is Frequency.weekly and len(rule.by_day) < 2:
        return 7 * A_DAY * rule.interval
    return None


def _periods(rule: Recurrence, first: date, step: int, last: date) -> Iterator[Sequence[date]]:
    """The days of each day, week, month or year that the interval keeps, counted from the one that holds `first`."""
    while True:
        begin, length = PERIOD[rule.frequency](rule, first, step)
        if begin > last:
            return
        yield [begin + timedelta(days=day) for day in _worth_a_look(rule, begin, length)]
        step += rule.interval


def _worth_a_look(rule: Recurrence, begin: date, length: int) -> Iterable[int]:
    """Which days of a period the rule can fit at all, counted from its begin: mostly one or a few."""
    if not rule.by_day or length == 1:
        return range(length)
    offsets = {(weekday - begin.weekday()) % 7 for _, weekday in rule.by_day}
    if len(offsets) == 1:
        return range(offsets.pop(), length, 7)
    return sorted(day for offset in offsets for day in range(offset, length, 7))


def _day_period(rule: Recurrence, first: date, step: int) -> tuple[date, int]:
    return first + timedelta(days=step), 1


def _week_period(rule: Recurrence, first: date, step: int) -> tuple[date, int]:
    begin = first - timedelta(days=(first.weekday() - rule.week_start) % 7)
    return begin + timedelta(weeks=step), 7


def _month_period(rule: Recurrence, first: date, step: int) -> tuple[date, int]:
    year, month = divmod(first.year * 12 + first.month - 1 + step, 12)
    return date(year, month + 1, 1), monthrange(year, month + 1)[1]


def _year_period(rule: Recurrence, first: date, step: int) -> tuple[date, int]:
    return date(first.year + step, 1, 1), _year_length(first.year + step)


PERIOD: Mapping[Frequency, Callable[[Recurrence, date, int], tuple[date, int]]] = {
    Frequency.daily: _day_period,
    Frequency.weekly: _week_period,
    Frequency.monthly: _month_period,
    Frequency.yearly: _year_period,
}


_PASSED: Mapping[Frequency, Callable[[date, date], int]] = {
    Frequency.daily: lambda first, since: (since - first).days,
    Frequency.weekly: lambda first, since: -((first - since).days // 7),
    Frequency.monthly: lambda first, since: (since.year - first.year) * 12 + since.month - first.month,
    Frequency.yearly: lambda first, since: since.year - first.year,
}
"""How many periods lie between two days, at most."""


def _chosen(rule: Recurrence, days: Sequence[date], first: date) -> Sequence[date]:
    kept = [day for day in days if _fits(rule, day, first)]
    if not rule.by_position:
        return kept
    return [day for at, day in enumerate(kept) if at + 1 in rule.by_position or at - len(kept) in rule.by_position]


def _fits(rule: Recurrence, day: date, first: date) -> bool:
    if rule.by_month and day.month not in rule.by_month:
        return False
    if rule.by_month_day and not _counted(day.day, monthrange(day.year, day.month)[1], rule.by_month_day):
        return False
    if rule.by_year_day and not _counted(_year_day(day), _year_length(day.year), rule.by_year_day):
        return False
    if rule.by_day:
        return any(weekday == day.weekday() and _nth(rule, day, ordinal) for ordinal, weekday in rule.by_day)
    return bool(rule.by_month_day or rule.by_year_day) or _as_first(rule, day, first)


def _as_first(rule: Recurrence, day: date, first: date) -> bool:
    """What the rule leaves open is as it was the first time."""
    match rule.frequency:
        case Frequency.daily:
            return True
        case Frequency.weekly:
            return day.weekday() == first.weekday()
        case Frequency.monthly:
            return day.day == first.day
        case Frequency.yearly:
            return day.day == first.day and (bool(rule.by_month) or day.month == first.month)


def _nth(rule: Recurrence, day: date, ordinal: int) -> bool:
    """Whether `day` is the `ordinal`th of its weekday, from the front or the back, in its month or year."""
    if ordinal == 0:
        return True
    in_month = rule.frequency is Frequency.monthly or rule.by_month
    at = day.day if in_month else _year_day(day)
    length = monthrange(day.year, day.month)[1] if in_month else _year_length(day.year)
    return ordinal == ((at - 1) // 7 + 1 if ordinal > 0 else -((length - at) // 7 + 1))


def _counted(at: int, length: int, wanted: frozenset[int]) -> bool:
    return at in wanted or at - length - 1 in wanted


def _year_day(day: date) -> int:
    return day.timetuple().tm_yday


def _year_length(year: int) -> int:
    return 366 if isleap(year) else 365


def _split(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for piece in text.upper().split(";"):
        match = PART.fullmatch(piece)
        if match is None:
            raise _wrong("must be NAME=VALUE parts joined by `;`, without DTSTART")
        name, value = match.groups()
        if name not in OFFERED:
            raise _wrong(f"may hold {', '.join(OFFERED)}; {name} is not offered")
        if name in parts:
            raise _wrong(f"holds {name} twice")
        parts[name] = value
    return parts


OFFERED = ("FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYDAY", "BYSETPOS")


def _number(name: str, text: str, low: int, high: int, *, signed: bool = False) -> int:
    value = int(text) if NUMBER.fullmatch(text) else 0
    if not low <= (abs(value) if signed else value) <= high:
        raise _wrong(f"{name} must lie between {low} and {high}{', or be negative to count from the end' * signed}")
    return value


def _numbers(parts: Mapping[str, str], name: str, low: int, high: int, *, signed: bool = False) -> frozenset[int]:
    if name not in parts:
        return frozenset()
    return frozenset(_number(name, text, low, high, signed=signed) for text in parts[name].split(","))


def _week_start(text: str) -> int:
    if text not in WEEKDAYS:
        raise _wrong("WKST must be one of MO, TU, WE, TH, FR, SA, SU")
    return WEEKDAYS[text]


def _days(parts: Mapping[str, str]) -> frozenset[tuple[int, int]]:
    days = set()
    for text in parts["BYDAY"].split(",") if "BYDAY" in parts else ():
        match = WEEKDAY.fullmatch(text)
        if match is None or (match[1] and not 1 <= abs(int(match[1])) <= 53):
            raise _wrong("BYDAY must be weekdays such as MO, 1MO or -1FR")
        days.add((int(match[1] or 0), WEEKDAYS[match[2]]))
    return frozenset(days)


def _moment(text: str) -> datetime:
    match = MOMENT.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        moment = datetime.strptime(match[1] + (match[2] or "000000"), "%Y%m%d%H%M%S")
    except ValueError:
        raise _wrong("UNTIL must look like 20261231, 20261231T235959 or 20261231T235959Z") from None
    if not 1900 <= moment.year <= 9000:
        raise _wrong("UNTIL must lie between the years 1900 and 9000")
    return moment.replace(tzinfo=UTC) if match[3] else moment


def _check_combination(rule: Recurrence) -> None:
    """What RFC 5545 forbids."""
    by_calendar = rule.frequency in (Frequency.monthly, Frequency.yearly)
    if any(ordinal for ordinal, _ in rule.by_day) and not by_calendar:
        raise _wrong("BYDAY may count weekdays (1MO) only with MONTHLY or YEARLY")
    if rule.by_month_day and rule.frequency is Frequency.weekly:
        raise _wrong("BYMONTHDAY does not go with WEEKLY")
    if rule.by_year_day and rule.frequency is not Frequency.yearly:
        raise _wrong("BYYEARDAY goes only with YEARLY")
    if rule.by_position and not (rule.by_month or rule.by_month_day or rule.by_year_day or rule.by_day):
        raise _wrong("BYSETPOS needs another BY part to choose from")


def _wrong(what: str) -> Invalid:
    return Invalid("rrule-not-accepted", f"rrule {what}.")
