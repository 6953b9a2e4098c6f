"""When a unit closes so many cases at once that somebody above looks. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from shared.errors import Conflict

FLOOR = 20
FACTOR = 3
USUAL_DAYS = 28
GRACE = timedelta(hours=1)
"""After the end of a day, for what is still on its way: days are those of UTC, and are looked at when they are over."""
RULE = "bulk-closing.v1"
DECIDED_BY = "bulk-closing.decided-from-above"
"""By which rule an alarm is cleared or upheld."""


class AlarmDecision(StrEnum):
    cleared = "cleared"
    upheld = "upheld"


class Measure(StrEnum):
    nothing = "nothing"
    raise_alarm = "raise_alarm"
    extend = "extend"


@dataclass(frozen=True, slots=True)
class Upheld:
    """Alarms about a unit that somebody above it upheld: how many, and when the first and the last of their days began."""

    count: int
    first_at: datetime
    last_at: datetime


class LastAlarm(NamedTuple):
    """Of the unit, the one that touches the day: it covers the day, or ended on the day before."""

    last_day: date
    decided: bool


def is_bulk(closings: int, busiest: int) -> bool:
    """`closings` of a unit on one day, against the `busiest` of its days in the four weeks before.

    At least `FLOOR`: a clerk who works well through a day answers a dozen. And at least `FACTOR` times the busiest day, not the
    mean one: a unit that answers on one day of the week is not suspected each week. Days of an alarm that was not cleared are not
    usual, so that nobody gets used to them; those of one that was cleared are.
    """
    return closings >= FLOOR and closings >= FACTOR * busiest


def measure(day: date, closings: int, busiest: int, last: LastAlarm | None) -> Measure:
    """One alarm for a burst: the next day goes on with it while nobody has decided about it."""
    if not is_bulk(closings, busiest):
        return Measure.nothing
    if last is None:
        return Measure.raise_alarm
    if last.decided:
        return Measure.nothing if day <= last.last_day else Measure.raise_alarm
    return Measure.extend


def days_over(now: datetime) -> date:
    """Days before this one are over."""
    return (now - GRACE).date()


def check_open(*, decided: bool) -> None:
    """Raises `Conflict` (alarm-decided)."""
    if decided:
        raise Conflict("alarm-decided", "This was decided already; the reason stands in GET /v1/alarms.")
