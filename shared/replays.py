"""Which part of the past a changed rule is tried on."""

from datetime import UTC, date, datetime, time, timedelta

from shared.errors import Invalid

MOST_DAYS = 366


def span_of(since: date, until: date, now: datetime) -> tuple[datetime, datetime]:
    """The moments from the start of `since` to before the day after `until`, in UTC. Raises `Invalid` (simulation-span)."""
    if not since <= until <= now.date() or (until - since).days >= MOST_DAYS:
        raise Invalid("simulation-span", f"`since` to `until` must be at most {MOST_DAYS} days, none of them to come.")
    start, end = (datetime.combine(day, time(), tzinfo=UTC) for day in (since, until))
    return start, end + timedelta(days=1)
