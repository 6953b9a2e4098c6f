"""What may become of a promise, and when it is overdue. Pure."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum

from shared.errors import Conflict, Invalid


class PromiseState(StrEnum):
    open = "open"
    kept = "kept"
    withdrawn = "withdrawn"


TRANSITIONS: Mapping[PromiseState, frozenset[PromiseState]] = {
    PromiseState.open: frozenset({PromiseState.kept, PromiseState.withdrawn}),
    PromiseState.kept: frozenset(),
    PromiseState.withdrawn: frozenset(),
}
LONGEST = timedelta(days=731)
FURTHEST_WEST = timedelta(hours=12)
"""A day has no time zone here: it has begun when it has begun anywhere, and is over when it is over everywhere."""


def move(state: PromiseState, to: PromiseState) -> PromiseState:
    """The next state. Raises `Conflict` (promise-closed)."""
    if to not in TRANSITIONS[state]:
        raise Conflict("promise-closed", f"This promise is {state}: nothing is owed on it any more.")
    return to


def earliest_day(moment: datetime) -> date:
    """The day that it still is somewhere: what was due before it is overdue."""
    return (moment - FURTHEST_WEST).date()


def is_overdue(due_on: date, moment: datetime) -> bool:
    return due_on < earliest_day(moment)


def check_due(due_on: date, occurred_at: datetime) -> None:
    """From the day of the visit, for two years. Raises `Invalid` (promise-due-before-visit, promise-too-far)."""
    if due_on < earliest_day(occurred_at):
        raise Invalid("promise-due-before-visit", "A promise is due on the day of the visit or later.")
    if due_on > earliest_day(occurred_at) + LONGEST:
        raise Invalid("promise-too-far", "A promise is due within two years: what lies further away is nobody's promise.")
