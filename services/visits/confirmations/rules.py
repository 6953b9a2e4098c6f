"""When a resident's code works, and which ratings are shown. Pure."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from shared.errors import Conflict

OPENS_AFTER = timedelta(hours=12)
"""So that nobody confirms a visit while the visitor stands by."""
OPEN_FOR = timedelta(days=60)
LEAST_RATINGS = 5


class Span(NamedTuple):
    """When a code works: from `opens_at` to before `closes_at`."""

    opens_at: datetime
    closes_at: datetime


def span_of(occurred_at: datetime, recorded_at: datetime) -> Span:
    """From the later of the two, so that a visit entered as if it had been yesterday opens nothing today."""
    opens_at = max(occurred_at, recorded_at) + OPENS_AFTER
    return Span(opens_at, opens_at + OPEN_FOR)


def check_opened(span: Span, now: datetime) -> None:
    """Raises `Conflict` (too-early)."""
    if now < span.opens_at:
        raise Conflict(
            "too-early", f"This code works from {span.opens_at:%Y-%m-%d %H:%M} UTC on: not while the visitor is there."
        )


def month_of(moment: datetime) -> date:
    """The first day of the month: the finest time that is kept of a rating."""
    return moment.astimezone(UTC).date().replace(day=1)
