"""From a grade to what is missing for the next one, and what becomes of the plan for it. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from services.assessment.grading.rules.judging import Grade, GradeValue
from shared.errors import Conflict, Forbidden, Invalid


class Aim(StrEnum):
    qualified = "qualified"
    excellent = "excellent"


class PlanState(StrEnum):
    submitted = "submitted"
    accepted = "accepted"
    returned = "returned"
    reassessed = "reassessed"


class Rule(StrEnum):
    """By which rule something about a plan was decided."""

    answers_gaps = "upgrade-plan.answers-every-gap"
    by_a_unit_above = "upgrade-plan.by-a-unit-above"
    with_evidence = "upgrade-plan.action-with-evidence"
    late = "upgrade-plan.owed-and-late"
    every_action_done = "upgrade-plan.every-action-done"


TRANSITIONS: Mapping[PlanState, frozenset[PlanState]] = {
    PlanState.submitted: frozenset({PlanState.accepted, PlanState.returned}),
    PlanState.accepted: frozenset({PlanState.reassessed}),
    PlanState.returned: frozenset(),
    PlanState.reassessed: frozenset(),
}
"""One that is returned, or that did not lead far enough, is followed by another one."""
FROM: Mapping[Aim, GradeValue] = {Aim.qualified: GradeValue.unqualified, Aim.excellent: GradeValue.qualified}
"""The grade that a unit has to have to aim at the next one."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A criterion below what the band needs, or a gate that was not passed, which has neither `value` nor `needed`."""

    code: str
    value: float | None
    needed: float | None


def gaps_of(found: Grade, needed: Decimal) -> tuple[Gap, ...]:
    """What keeps the composite below `needed`: a criterion that counts and lies below it. And the gates, which overrule it."""
    below = (
        Gap(part.criterion.code, float(part.worth), float(needed))
        for part in found.parts
        if part.criterion.weight and part.worth is not None and part.worth < Fraction(needed)
    )
    return (*below, *(Gap(gate.name, None, None) for gate in found.gates))


def move(state: PlanState, to: PlanState) -> PlanState:
    """The next state. Raises `Conflict` (upgrade-plan-state)."""
    if to in TRANSITIONS[state]:
        return to
    following = " or ".join(sorted(TRANSITIONS[state]))
    raise Conflict("upgrade-plan-state", f"This plan is {state}: it can become {following or 'nothing else'}, not {to}.")


def check_aim(aim: Aim, value: GradeValue | None) -> None:
    """Raises `Conflict` (upgrade-plan-aim)."""
    if value is not FROM[aim]:
        has = f"its grade is {value}" if value else "no grade of it has been published"
        raise Conflict("upgrade-plan-aim", f"A unit aims at {aim} when its grade is {FROM[aim]}: {has}.")


def check_actions(gaps: Collection[str], answered: Collection[str]) -> None:
    """Raises `Invalid` (upgrade-plan-leaves-gap, upgrade-plan-no-such-gap)."""
    left = sorted(set(gaps) - set(answered))
    if left:
        raise Invalid("upgrade-plan-leaves-gap", f"`actions`: no action answers {', '.join(left)}.")
    beside = sorted(set(answered) - set(gaps))
    if beside:
        raise Invalid("upgrade-plan-no-such-gap", f"`actions`: {', '.join(beside)} is no gap of this grade.")


def check_due(due_on: Collection[date], today: date) -> None:
    """Raises `Invalid` (upgrade-plan-past)."""
    if any(day < today for day in due_on):
        raise Invalid("upgrade-plan-past", "`due_on` must not lie in the past.")


def check_above(above: bool) -> None:
    """Raises `Forbidden` (upgrade-plan-not-above)."""
    if not above:
        raise Forbidden("upgrade-plan-not-above", "A unit above the one that made the plan accepts it or returns it.")


def check_own(own: bool) -> None:
    """Raises `Forbidden` (upgrade-plan-not-yours)."""
    if not own:
        raise Forbidden("upgrade-plan-not-yours", "The unit that made the plan carries it out and asks for the re-assessment.")


def check_all_done(done: Collection[bool]) -> None:
    """Raises `Conflict` (upgrade-plan-actions-open)."""
    if not all(done):
        raise Conflict("upgrade-plan-actions-open", "Some actions are not done: show each one's evidence before you ask.")


def is_overdue(due_at: datetime | None, made_at: datetime | None, now: datetime) -> bool:
    """Whether a plan that was owed by `due_at` came late or has not come."""
    return due_at is not None and (made_at or now) > due_at
