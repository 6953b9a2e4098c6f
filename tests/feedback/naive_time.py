"""Working time counted slot by slot: what `shared.working_time` computes, in the most simple-minded way."""

from bisect import bisect_left, bisect_right
from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import accumulate
from math import ceil
from zoneinfo import ZoneInfo

from shared.working_time import WorkingHours

SLOT = 900
"""Seconds. Every period, and every change of a clock, begins and ends with a quarter of an hour."""
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2035, 1, 1, tzinfo=UTC)


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


class NaiveCalendar:
    """Knows the time from `first` until `last`; a date that lies only partly in it has only this part."""

    def __init__(self, hours: WorkingHours | None, first: datetime = FIRST, last: datetime = LAST) -> None:
        self.zone = ZoneInfo(hours.time_zone if hours else "UTC")
        every = range(seconds(first), seconds(last), SLOT) if hours else ()
        self.slots = [at for at in every if hours and self._works(hours, self._local(at))]
        per_date = Counter(self._local(at).date() for at in self.slots)
        self.edges = [0, *accumulate(SLOT * per_date[day] for day in sorted(per_date))]

    def _local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at, UTC).astimezone(self.zone).replace(tzinfo=None)

    @staticmethod
    def _works(hours: WorkingHours, local: datetime) -> bool:
        if local.date() in hours.holidays:
            return False
        special = {day.date: day.periods for day in hours.working_dates}
        periods = special.get(local.date(), hours.weekly.days[local.weekday()])
        minute = local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in periods)

    def add(self, start: datetime, amount: int, unit: str) -> datetime:
        if amount == 0:
            return start
        match unit:
            case "hours":
                return start + timedelta(hours=amount)
            case "days":
                return self._days_later(start, amount)
            case _:
                return self._when(self.worked(start, unit) + amount, unit)

    def resume(self, due_at: datetime, paused_at: datetime, resumed_at: datetime, unit: str) -> datetime:
        if unit in ("hours", "days"):
            return due_at + (resumed_at - paused_at)
        left = self.worked(due_at, unit) - self.worked(paused_at, unit)
        return max(due_at, self._when(self.worked(resumed_at, unit) + left, unit)) if left else due_at

    def worked(self, moment: datetime, unit: str) -> Fraction:
        """Working hours, or working days, from the beginning of time until then."""
        at = seconds(moment)
        full = bisect_right(self.slots, at - SLOT)
        over = at - self.slots[full] if full < len(self.slots) and self.slots[full] <= at else 0
        worked = full * SLOT + over
        if unit == "working_hours":
            return Fraction(worked, 3600)
        day = bisect_right(self.edges, worked) - 1
        if day == len(self.edges) - 1:
            return Fraction(day)
        return day + Fraction(worked - self.edges[day], self.edges[day + 1] - self.edges[day])

    def _when(self, amount: Fraction, unit: str) -> datetime:
        """The first whole second by which so much was worked."""
        if unit == "working_hours":
            needed = amount * 3600
        else:
            day = ceil(amount) - 1
            needed = self.edges[day] + (amount - day) * (self.edges[day + 1] - self.edges[day])
        slot = ceil(needed / SLOT) - 1
        return datetime.fromtimestamp(self.slots[slot] + ceil(needed - slot * SLOT), UTC)

    def _days_later(self, start: datetime, days: int) -> datetime:
        """The same time of day; the first of two; where it is skipped, when the skipping ends."""
        wanted = start.astimezone(self.zone).replace(tzinfo=None) + timedelta(days=days)
        about = seconds(wanted.replace(tzinfo=UTC))
        near = [about + quarter * SLOT for quarter in range(-60, 61)]  # no zone is further from UTC than 14 hours
        exact = next((at for at in near if self._local(at) == wanted), None)
        if exact is not None:
            return datetime.fromtimestamp(exact, UTC)
        return datetime.fromtimestamp(near[bisect_left(near, True, key=lambda at: self._local(at) > wanted)] // SLOT * SLOT, UTC)
