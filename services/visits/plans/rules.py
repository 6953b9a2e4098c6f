"""When a plan asks for visits, how long each may be made, and what may be done with a plan."""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from services.visits.recurrence.rules import find_zone
from shared.errors import Conflict, Invalid

HORIZON = timedelta(days=180)
STEP = timedelta(days=30)
"""A plan that comes round is taken in hand again when this much of its horizon has passed."""
LONGEST_WINDOW = 60
LONGEST_BEFORE = 30
EARLIEST = timedelta(days=LONGEST_WINDOW)
REACH = timedelta(days=2 * 366)
"""How far ahead single dates are taken: to check an exception, the rule is followed up to it."""
CHOSEN = frozenset({"place", "rrule", "extra_dates", "except_dates"})
"""What the resident says of the plan of a contact."""


def chosen_terms(meeting: str, rhythm_days: int | None) -> dict[str, str]:
    """Place and rule of a contact's plan, as its resident has chosen."""
    return {"place": meeting, "rrule": f"FREQ=DAILY;INTERVAL={rhythm_days}"}


class PlanState(StrEnum):
    active = "active"
    suspended = "suspended"
    ended = "ended"


class Verb(StrEnum):
    change = "change"
    suspend = "suspend"
    resume = "resume"
    end = "end"


TRANSITIONS: Mapping[tuple[PlanState, Verb], PlanState] = {
    (PlanState.active, Verb.change): PlanState.active,
    (PlanState.active, Verb.suspend): PlanState.suspended,
    (PlanState.active, Verb.end): PlanState.ended,
    (PlanState.suspended, Verb.change): PlanState.suspended,
    (PlanState.suspended, Verb.suspend): PlanState.suspended,
    (PlanState.suspended, Verb.resume): PlanState.active,
    (PlanState.suspended, Verb.end): PlanState.ended,
}
"""Suspended anew, the new date holds."""


def move(state: PlanState, verb: Verb) -> PlanState:
    """The next state. Raises `Conflict` (visit-plan-state)."""
    if (state, verb) not in TRANSITIONS:
        possible = [other for known, other in TRANSITIONS if known is state]
        raise Conflict("visit-plan-state", f"The plan is {state}: possible now is {', '.join(possible) or 'nothing'}.")
    return TRANSITIONS[state, verb]


def state_at(
    now: datetime, *, ended_at: datetime | None, suspended_at: datetime | None, suspended_until: datetime | None
) -> PlanState:
    """What a plan is by now: a suspension with a date ends by itself."""
    if ended_at is not None:
        return PlanState.ended
    return PlanState.suspended if rests(now, suspended_at, suspended_until) else PlanState.active


def rests(moment: datetime, suspended_at: datetime | None, suspended_until: datetime | None) -> bool:
    """Whether a plan makes no visits for `moment`."""
    return suspended_at is not None and suspended_at <= moment and (suspended_until is None or moment < suspended_until)


def horizon(starts_at: datetime, now: datetime) -> datetime:
    """Until when visits are made now; a plan always has its first."""
    return max(starts_at, now) + HORIZON


def agenda(
    occurrences: Iterable[datetime], *, extra: Collection[datetime], excepted: Collection[datetime], until: datetime
) -> list[datetime]:
    """The moments of a recurrence set (RFC 5545: RRULE and RDATE without EXDATE) up to `until`, in order, each once."""
    if not extra and not excepted:
        return list(occurrences)
    return sorted({*occurrences, *(moment for moment in extra if moment <= until)}.difference(excepted))


def fresh(
    moments: Iterable[datetime],
    *,
    now: datetime,
    extra: Collection[datetime],
    taken: Collection[datetime],
    busy_until: datetime | None,
) -> list[datetime]:
    """For which of its moments a changed plan gets new visits: those to come that have none. While a visit is open for one of
    them, those that come round up to `busy_until` would ask for it twice."""
    return [
        moment
        for moment in moments
        if moment >= now and moment not in taken and (busy_until is None or moment > busy_until or moment in extra)
    ]


def window_start(scheduled_at: datetime, days: int, zone: str) -> datetime:
    """`days` earlier by the wall clock."""
    if days == 0:
        return scheduled_at
    return (scheduled_at.astimezone(find_zone(zone)) - timedelta(days=days)).astimezone(UTC)


def window_end(starts_at: datetime, days: int, zone: str) -> datetime:
    """`days` later by the wall clock; with 0, the end of the same day."""
    local = starts_at.astimezone(find_zone(zone))
    if days == 0:
        local = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0) + timedelta(days=1)
    return (local + timedelta(days=days)).astimezone(UTC)


def earliest_start(now: datetime, written: datetime) -> datetime:
    """From when on visits are made to who has just chosen: the present, or the next hour where only that is `written` down."""
    return now if written == now else written + timedelta(hours=1)


def check_start(starts_at: datetime, now: datetime) -> None:
    """A plan may lie back no further than the longest window: what is older is history. Raises `Invalid`."""
    if starts_at < now - EARLIEST:
        raise Invalid("starts-too-long-ago", f"starts_at may lie at most {EARLIEST.days} days back.")


def check_reach(dates: Iterable[datetime], starts_at: datetime, now: datetime) -> None:
    """Raises `Invalid` (date-out-of-reach)."""
    for date in dates:
        if not starts_at <= date <= max(starts_at, now) + REACH:
            raise Invalid("date-out-of-reach", f"{date.isoformat()} must lie between starts_at and {REACH.days} days ahead.")


def check_exceptions(dates: Iterable[datetime], occurrences: Collection[datetime]) -> None:
    """Raises `Invalid` (exception-matches-nothing)."""
    for date in dates:
        if date not in occurrences:
            raise Invalid(
                "exception-matches-nothing", f"No visit would be at {date.isoformat()}: name the moment of one in except_dates."
            )


def check_suspension(until: datetime | None, now: datetime) -> None:
    """Raises `Invalid` (suspension-over)."""
    if until is not None and until <= now:
        raise Invalid("suspension-over", "`until` has passed: name a time to come, or leave it out.")


def check_chosen(changes: Iterable[str]) -> None:
    """Raises `Invalid` (chosen-by-the-resident)."""
    chosen = sorted(CHOSEN.intersection(changes))
    if chosen:
        raise Invalid("chosen-by-the-resident", f"Leave out {', '.join(chosen)}: the resident has chosen where and how often.")
