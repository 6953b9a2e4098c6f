"""What an objection rests on, and how it is decided. Pure."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.assessment.indicators.rules import OF_CASES
from services.assessment.standards.rules import Terms
from shared.errors import Conflict, Forbidden, Invalid

REVIEW_WITHIN = timedelta(days=15)


class Grounds(StrEnum):
    counted_wrongly = "counted_wrongly"
    not_our_duty = "not_our_duty"
    standard_misapplied = "standard_misapplied"
    conflict_of_interest = "conflict_of_interest"


class ObjectionState(StrEnum):
    open = "open"
    upheld = "upheld"
    dismissed = "dismissed"


class Outcome(StrEnum):
    upheld = "upheld"
    dismissed = "dismissed"


class Rule(StrEnum):
    """By which rule something about an objection was decided."""

    by_the_unit = "objection.by-the-unit-within-the-window"
    independent = "objection.independent-reviewer"
    overdue = "objection.review-overdue"


def check_own(unit_id: UUID | None, graded: UUID) -> None:
    """Raises `Forbidden` (objection-not-yours)."""
    if unit_id != graded:
        raise Forbidden("objection-not-yours", "The graded unit objects itself: this is for its own officials and leads.")


def check_reviewer(account_id: UUID, signers: Collection[UUID]) -> None:
    """Raises `Forbidden` (reviewer-has-signed)."""
    if account_id in signers:
        raise Forbidden("reviewer-has-signed", "You signed this grade: somebody who did not has to review the objection.")


def check_open(state: ObjectionState) -> None:
    """Raises `Conflict` (objection-decided)."""
    if state is not ObjectionState.open:
        raise Conflict("objection-decided", f"This objection is {state} already: a decision stands.")


def check_corrections(outcome: Outcome, criteria: Sequence[str]) -> None:
    """Raises `Invalid` (corrections-missing, corrections-without-effect, criterion-corrected-twice)."""
    if outcome is Outcome.upheld and not criteria:
        raise Invalid("corrections-missing", "`corrections`: say what is counted otherwise; no grade is changed by hand.")
    if outcome is Outcome.dismissed and criteria:
        raise Invalid("corrections-without-effect", "`corrections`: what is dismissed corrects nothing.")
    if len(set(criteria)) < len(criteria):
        raise Invalid("criterion-corrected-twice", "`corrections`: name each criterion once.")


def check_named(named: Sequence[str], terms: Terms) -> None:
    """Raises `Invalid` (no-such-criterion)."""
    unknown = sorted(set(named) - {criterion.code for criterion in terms.criteria})
    if unknown:
        raise Invalid("no-such-criterion", f"The standard of this grade has no criterion {unknown[0]}: see its explanation.")


def check_counts_cases(named: Collection[str], terms: Terms) -> None:
    """Only of what counts cases can cases be taken out. Raises `Invalid` (criterion-without-cases)."""
    for criterion in terms.criteria:
        if criterion.code in named and criterion.indicator not in OF_CASES:
            raise Invalid("criterion-without-cases", f"`case_ids`: {criterion.code} does not count cases; leave them out.")


def check_counted(strangers: Collection[UUID]) -> None:
    """Raises `Invalid` (case-not-counted)."""
    if strangers:
        raise Invalid("case-not-counted", f"`case_ids`: {min(strangers)} is no case of the unit that was graded.")


def review_due_at(raised_at: datetime) -> datetime:
    return raised_at + REVIEW_WITHIN


def is_overdue(state: ObjectionState, due_at: datetime, now: datetime) -> bool:
    return state is ObjectionState.open and now > due_at
