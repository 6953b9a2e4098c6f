"""What may become of a visit."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from shared.errors import Conflict, Invalid


class VisitState(StrEnum):
    planned = "planned"
    ready = "ready"
    done = "done"
    done_late = "done_late"
    missed = "missed"
    cancelled = "cancelled"
    refused_by_resident = "refused_by_resident"


class Outcome(StrEnum):
    done = "done"
    refused_by_resident = "refused_by_resident"
    cancelled = "cancelled"


class Present(StrEnum):
    """How many residents were met: `one`, `few` (2 to 4), `some` (5 to 9), `many`. Coarse, so that it points at nobody."""

    none = "none"
    one = "one"
    few = "few"
    some = "some"
    many = "many"


MADE = frozenset({VisitState.done, VisitState.done_late})
RECORDED = frozenset({VisitState.done, VisitState.done_late, VisitState.cancelled, VisitState.refused_by_resident})
TRANSITIONS: Mapping[VisitState, frozenset[VisitState]] = {
    VisitState.planned: RECORDED | {VisitState.ready, VisitState.missed},
    VisitState.ready: RECORDED | {VisitState.missed},
    VisitState.missed: frozenset({VisitState.done_late, VisitState.refused_by_resident}),
    VisitState.done: frozenset(),
    VisitState.done_late: frozenset(),
    VisitState.cancelled: frozenset(),
    VisitState.refused_by_resident: frozenset(),
}
"""A missed visit may still turn out to have been made, or refused; it cannot be cancelled after the fact."""

ALREADY_RECORDED = "visit-already-recorded"
CLOCK_SKEW = timedelta(minutes=5)
UNPLANNED = timedelta(days=1)
"""Somebody who called without a plan may enter plan and visit up to a day later."""

EARLIEST_REMINDER = timedelta(days=2)


def move(state: VisitState, to: VisitState) -> VisitState:
    """The next state. Raises `Conflict`."""
    if to in TRANSITIONS[state]:
        return to
    if state in RECORDED:
        raise Conflict(ALREADY_RECORDED, f"This visit was recorded before: it is {state}. A record is not replaced.")
    raise Conflict("visit-state", f"A visit that is {state} cannot become {to}.")


def state_at(state: VisitState, starts_at: datetime, ends_at: datetime, now: datetime) -> VisitState:
    """What an unrecorded visit is by now, whether or not the job has been round; other states stay."""
    if state not in (VisitState.planned, VisitState.ready):
        return state
    if now > ends_at:
        return VisitState.missed
    return VisitState.ready if now >= starts_at else state


def needs_contact(state: VisitState, *, leads: bool, goes: bool) -> bool:
    """Whether a caller reads whom a visit is to: the visitor until it is recorded, leads always, inspectors never."""
    return leads or (goes and state not in RECORDED)


def remind_at(starts_at: datetime, ends_at: datetime) -> datetime:
    """When a quarter of the window is left, and not more than two days."""
    return ends_at - min((ends_at - starts_at) / 4, EARLIEST_REMINDER)


def is_late(ends_at: datetime, *, occurred_at: datetime, recorded_at: datetime) -> bool:
    """Whether a visit was made, or entered, after its window. Both count apart: an entry cannot be backdated into time."""
    return max(occurred_at, recorded_at) > ends_at


def recorded_state(outcome: Outcome, *, late: bool) -> VisitState:
    if outcome is Outcome.done and late:
        return VisitState.done_late
    return VisitState(outcome)


def check_occurred_at(occurred_at: datetime, *, now: datetime, planned_at: datetime, starts_at: datetime) -> None:
    """Neither in the future, nor before the visit was planned or its window opened, whichever was first. Raises `Invalid`."""
    if occurred_at > now + CLOCK_SKEW:
        raise Invalid("occurred-in-the-future", "occurred_at lies in the future: record the visit when it has been made.")
    if occurred_at < min(planned_at, starts_at) - UNPLANNED:
        raise Invalid("occurred-before-plan", "occurred_at lies before this visit was planned: it was another visit.")


def check_record(outcome: Outcome, *, reason: str | None, findings: int) -> None:
    """Raises `Invalid`."""
    if outcome is Outcome.cancelled and reason is None:
        raise Invalid("reason-needed", "Say in `reason` why the visit was cancelled.")
    if findings and outcome is not Outcome.done:
        raise Invalid("findings-need-a-visit", "Only a visit that was made can have findings.")


def check_made(state: VisitState) -> None:
    """Raises `Conflict` (visit-not-made)."""
    if state not in MADE:
        raise Conflict(
            "visit-not-made",
            f"This visit is {state}: nothing can be added to it. Plan the visit that was made, and record that.",
        )


def check_brought(outcome: Outcome, *, brought: bool) -> None:
    """Raises `Invalid` (needs-a-visit)."""
    if brought and outcome is not Outcome.done:
        raise Invalid("needs-a-visit", "Only a visit that was made has answers, promises, cases and people present.")
