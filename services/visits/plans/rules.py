"""How far ahead a plan makes visits, and how long each may be done."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.visits.needs.rules import NeedKind
from services.visits.recurrence.rules import find_zone
from shared.errors import Invalid

HORIZON = timedelta(days=180)
STEP = timedelta(days=30)
"""A plan that comes round is taken in hand again when this much of its horizon has passed."""
LONGEST_WINDOW = 60
EARLIEST = timedelta(days=LONGEST_WINDOW)


def horizon(starts_at: datetime, now: datetime) -> datetime:
    """Until when visits are made now; a plan always has its first."""
    return max(starts_at, now) + HORIZON


def window_end(starts_at: datetime, days: int, zone: str) -> datetime:
    """`days` later by the wall clock; with 0, the end of the same day."""
    local = starts_at.astimezone(find_zone(zone))
    if days == 0:
        local = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0) + timedelta(days=1)
    return (local + timedelta(days=days)).astimezone(UTC)


def check_start(starts_at: datetime, now: datetime) -> None:
    """A plan may lie back no further than the longest window: what is older is history. Raises `Invalid`."""
    if starts_at < now - EARLIEST:
        raise Invalid("starts-too-long-ago", f"starts_at may lie at most {EARLIEST.days} days back.")


def case_of_need(kind: NeedKind | None, ref: str | None) -> UUID | None:
    """The case that a plan's visits are made for, where it is one."""
    return UUID(ref) if kind is NeedKind.case and ref else None
