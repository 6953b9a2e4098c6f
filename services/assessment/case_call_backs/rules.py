"""Drawing answered cases whose residents are asked whether it is true, and what they say adds up to. Pure."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from services.assessment.indicators.rules import Tally
from shared.errors import Conflict, Forbidden, Invalid

MOST = 200
LEAST_REACHED = 5
"""k: of a call-back that reached fewer nothing is told to anybody but inspectors."""


class Found(StrEnum):
    """What the resident said when asked whether the case was resolved, or that nothing was said."""

    confirmed = "confirmed"
    not_confirmed = "not_confirmed"
    not_reached = "not_reached"


def first_day_of(month: str) -> date:
    """Of a month as ISO 8601 writes it: 2026-03."""
    return date.fromisoformat(f"{month}-01")


def span_of(month: date) -> tuple[datetime, datetime]:
    """Of the month with this first day: from its first moment to the first one after it, in UTC."""
    starts_at = datetime.combine(month, time(), UTC)
    return starts_at, starts_at + timedelta(days=monthrange(month.year, month.month)[1])


def check_over(month: date, now: datetime) -> None:
    """Before the month is over its cases are not all there. Raises `Invalid` (month-not-over)."""
    if now < span_of(month)[1]:
        raise Invalid("month-not-over", "`month` must be over: the sample is of all cases that were answered in it.")


def check_outside(*, above: bool) -> None:
    """Raises `Forbidden` (call-back-not-yours)."""
    if not above:
        raise Forbidden("call-back-not-yours", "Only an inspector of a unit above, or who oversees everything, calls back.")


def check_found(known: Found | None, *, finished: bool) -> None:
    """Somebody not reached may be called again, until the last case has its word. Raises `Conflict`."""
    if finished:
        raise Conflict("call-back-finished", "Every case of this call-back has its word: they stand.")
    if known not in (None, Found.not_reached):
        raise Conflict("found-already", "It was written down already what was found of this case: it stands.")


def add_up(found: Iterable[Found | None]) -> Tally:
    """Confirmed, of those reached."""
    given = list(found)
    confirmed = given.count(Found.confirmed)
    return Tally(confirmed, confirmed + given.count(Found.not_confirmed))
