"""What a unit puts first, and how much of its work went there. Pure."""

from calendar import monthrange
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from shared.errors import Conflict, Invalid

FEWEST = 5
"""k: of the cases and visits of a priority, fewer are not public: they are few enough to be somebody's."""


class WorkKind(StrEnum):
    """What can be tagged with a priority."""

    case = "case"
    visit = "visit"
    activity = "activity"
    outcome = "outcome"
    campaign = "campaign"


class EffortKind(StrEnum):
    """What is done day by day, and adds up."""

    cases = "cases"
    visits = "visits"
    activities = "activities"


OF_PEOPLE = frozenset({EffortKind.cases, EffortKind.visits})


@dataclass(frozen=True, slots=True)
class Cell:
    """Of one kind of work: how much went to one priority; None where the reader may not know it."""

    n: int | None
    total: int

    @property
    def share(self) -> float | None:
        return None if self.n is None or not self.total else self.n / self.total


def cells(counts: Mapping[Hashable, int], *, veil: bool) -> dict[Hashable, Cell]:
    """The parts of a total that is shown too. Veiled, those of fewer than `FEWEST` are hidden; where they are together fewer than
    that, the smallest other one is hidden beside them, so that the total does not tell them."""
    total = sum(counts.values())
    hidden = {part for part, count in counts.items() if 0 < count < FEWEST} if veil else set()
    others = [part for part, count in counts.items() if count >= FEWEST]
    if others and 0 < sum(counts[part] for part in hidden) < FEWEST:
        hidden.add(min(others, key=lambda part: (counts[part], str(part))))
    return {part: Cell(None if part in hidden else count, total) for part, count in counts.items()}


def check_span(since: date, until: date | None, today: date) -> None:
    """History is never rewritten. Raises `Invalid` (priority-in-the-past, priority-ends-before-start)."""
    if since < today:
        raise Invalid("priority-in-the-past", "`since` must not be in the past: what was first then is not said now.")
    if until is not None and until < since:
        raise Invalid("priority-ends-before-start", "`until` must be `since` or a later day.")


def check_end(since: date, until: date | None, wanted: date, today: date) -> None:
    """Raises `Invalid` (end-in-the-past, priority-ends-before-start), `Conflict` (priority-ended)."""
    if until is not None and until <= wanted:
        raise Conflict("priority-ended", f"This priority ends on {until} already: it can only end earlier.")
    if wanted < today:
        raise Invalid("end-in-the-past", "`until` must not be in the past.")
    if wanted < since:
        raise Invalid("priority-ends-before-start", f"`until` must be {since} or a later day.")


def check_free(*, taken: bool) -> None:
    """Raises `Conflict` (priority-code-taken)."""
    if taken:
        raise Conflict("priority-code-taken", "This code is in use in that time: end the one before, or begin later.")


def check_in_effect(since: date, until: date | None, today: date) -> None:
    """Raises `Conflict` (priority-not-in-effect)."""
    if not (since <= today and (until is None or today <= until)):
        raise Conflict("priority-not-in-effect", "This priority is not in effect today: choose one that is.")


def check_shared(*, covered: bool) -> None:
    """Raises `Invalid` (priority-elsewhere)."""
    if not covered:
        raise Invalid(
            "priority-elsewhere", "This priority is of another unit: choose one of the unit whose work it is, or above."
        )


def month_of(month: str, now: datetime) -> tuple[datetime, datetime]:
    """Its first moment and its last. Raises `Invalid` (month-not-over): months that are over do not overlap and do not grow, so
    that nobody takes one figure from another."""
    first = date.fromisoformat(f"{month}-01")
    starts_at = datetime.combine(first, time(), UTC)
    ends_at = starts_at + timedelta(days=monthrange(first.year, first.month)[1])
    if now < ends_at:
        raise Invalid("month-not-over", "`month` must be over.")
    return starts_at, ends_at - timedelta(microseconds=1)
