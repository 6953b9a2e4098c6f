"""For which years research can be owed. Pure."""

from datetime import UTC, date, datetime

from shared.errors import Invalid

FIRST_YEAR, LAST_YEAR = 2000, 2100


def check_year(year: int, today: date) -> None:
    """Raises `Invalid` (duty-year-over)."""
    if year < today.year:
        raise Invalid("duty-year-over", "`year` is over: what was owed in it stays as it was.")


def year_of(year: int) -> tuple[datetime, datetime]:
    """Its beginning and that of the next, in UTC."""
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
