"""How much research is owed, and whether it was done. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from shared.errors import Invalid

FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True, slots=True)
class Done:
    """`visits`: linked to research, and made. `results`: published."""

    projects: int = 0
    hours: float = 0.0
    visits: int = 0
    results: int = 0


def check_year(year: int, today: date) -> None:
    """Raises `Invalid` (duty-year-over)."""
    if year < today.year:
        raise Invalid("duty-year-over", "`year` is over: what was owed in it stays as it was.")


def year_of(year: int) -> tuple[datetime, datetime]:
    """Its beginning and that of the next, in UTC."""
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)


def add_up(parts: list[Done]) -> Done:
    return Done(
        projects=sum(part.projects for part in parts),
        hours=sum(part.hours for part in parts),
        visits=sum(part.visits for part in parts),
        results=sum(part.results for part in parts),
    )
