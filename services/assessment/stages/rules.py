"""When a unit goes on to the next stage: by evidence, never by a date. What is not known is missing, never zero."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from services.assessment.directives.rules import TaskState
from services.assessment.indicators.rules import AMOUNTS, MEANS, Indicator, Tally
from shared.errors import Conflict, Invalid
from shared.types import Code, In, Line, Out

FEWEST = 5
"""A stage is public, so no share that rests on fewer observations than this moves a unit."""
MOST_STAGES, MOST_CONDITIONS = 12, 10
BEFORE_THE_FIRST = 0


def _a_share(indicator: Indicator) -> Indicator:
    if indicator in AMOUNTS:
        raise PydanticCustomError("indicator_amount", "must be a share: a condition of the kind `count` asks for an amount")
    if indicator in MEANS:
        raise PydanticCustomError("indicator_mean", "must be a share of observations, and this is a mean")
    return indicator


class Counted(StrEnum):
    cases_answered = "cases_answered"
    visits_made = "visits_made"


class IndicatorCondition(In):
    """A share that is reached, on enough observations to say so."""

    kind: Literal["indicator"] = "indicator"
    indicator: Annotated[Indicator, AfterValidator(_a_share)]
    at_least: Annotated[Decimal, Field(gt=0, le=1, decimal_places=2, description="A share, in hundredths.")]
    minimum: Annotated[int, Field(ge=FEWEST, le=1_000_000, strict=True, description="Observations that it needs.")] = FEWEST


class CountCondition(In):
    """So much was done since the campaign began."""

    kind: Literal["count"] = "count"
    of: Counted
    at_least: Annotated[int, Field(ge=1, le=1_000_000, strict=True)]


class TaskCondition(In):
    """The unit's task of a directive is acknowledged, or done."""

    kind: Literal["task"] = "task"
    directive: Annotated[Code, Field(description="Its code.")]
    state: Literal[TaskState.acknowledged, TaskState.done]


AnyCondition = IndicatorCondition | CountCondition | TaskCondition
Condition = Annotated[AnyCondition, Field(discriminator="kind")]
Conditions = Annotated[tuple[Condition, ...], Field(max_length=MOST_CONDITIONS)]


class Plan(In):
    """One stage: what must be so for a unit to enter it, and to leave it."""

    code: Code
    name: Line
    entry: Conditions = ()
    exit: Conditions = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one unit since the campaign began."""

    shares: Mapping[Indicator, Tally] = field(default_factory=dict)
    counts: Mapping[Counted, int] = field(default_factory=dict)
    tasks: Mapping[str, TaskState] = field(default_factory=dict)
    """By the code of the directive."""


class Check(Out):
    """A condition beside what is known. `known` is a share, a count or the state of a task, null where nothing is known; `n`, the
    observations behind a share; `lack`, what is missing, null where the condition is met."""

    condition: Condition
    met: bool
    known: float | TaskState | None
    n: int | None
    lack: str | None


def check_stages(stages: Sequence[Plan]) -> None:
    """Raises `Invalid` (stage-code-twice, stage-without-evidence)."""
    codes = [stage.code for stage in stages]
    if len(set(codes)) < len(codes):
        raise Invalid("stage-code-twice", "Two stages have the same code: give each its own.")
    for former, latter in pairwise(stages):
        if not former.exit and not latter.entry:
            raise Invalid(
                "stage-without-evidence",
                f"Nothing stands between {former.code} and {latter.code}: say what {former.code} is left by, or {latter.code} "
                "entered by.",
            )


def check_not_started(started: bool) -> None:
    """Raises `Conflict` (campaign-started)."""
    if started:
        raise Conflict("campaign-started", "This campaign has started: its stages stay as they are.")


def conditions_after(stages: Sequence[Plan], number: int) -> Sequence[Condition] | None:
    """What moves a unit on that stands in stage `number`: 0 is before the first one. None where it stays for good."""
    if number > len(stages):
        return None
    leaving = stages[number - 1].exit if number else ()
    if number == len(stages):
        return leaving or None
    return (*leaving, *stages[number].entry)


def check(condition: AnyCondition, evidence: Evidence) -> Check:
    if isinstance(condition, TaskCondition):
        return _check_task(condition, evidence.tasks.get(condition.directive))
    if isinstance(condition, CountCondition):
        return _check_count(condition, evidence.counts.get(condition.of, 0))
    return _check_share(condition, evidence.shares.get(condition.indicator, Tally(0, 0)))


def _check_count(condition: CountCondition, count: int) -> Check:
    met = count >= condition.at_least
    lack = None if met else f"{condition.of} needs {condition.at_least}, has {count}"
    return Check(condition=condition, met=met, known=count, n=None, lack=lack)


def _check_task(condition: TaskCondition, state: TaskState | None) -> Check:
    met = state in (condition.state, TaskState.done)
    lack = None if met else f"the task of {condition.directive} is {state or 'not there'}, and not {condition.state}"
    return Check(condition=condition, met=met, known=state, n=None, lack=lack)


def _check_share(condition: IndicatorCondition, tally: Tally) -> Check:
    return Check(condition=condition, met=(lack := _lack(condition, tally)) is None, known=tally.value, n=tally.n, lack=lack)


def _lack(condition: IndicatorCondition, tally: Tally) -> str | None:
    if tally.n < condition.minimum:
        return f"{condition.indicator} needs {condition.minimum} observations, has {tally.n}"
    if tally.hits >= Fraction(condition.at_least) * tally.n:
        return None
    return f"{condition.indicator} is {tally.hits} of {tally.n}, which is below {condition.at_least}"


def directives_of(stages: Sequence[Plan]) -> list[str]:
    """The codes of the directives whose tasks these stages ask for."""
    conditions = (condition for stage in stages for condition in (*stage.entry, *stage.exit))
    return sorted({condition.directive for condition in conditions if isinstance(condition, TaskCondition)})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one look at a unit says: every condition for the next stage, and whether it goes on (always by one stage)."""

    checks: tuple[Check, ...]
    moves: bool


def judge(stages: Sequence[Plan], number: int, evidence: Evidence) -> Verdict:
    conditions = conditions_after(stages, number)
    if conditions is None:
        return Verdict((), moves=False)
    checks = tuple(check(condition, evidence) for condition in conditions)
    return Verdict(checks, moves=all(each.met for each in checks))


def is_settled(stages: Sequence[Plan], number: int) -> bool:
    """Whether a unit that stands there can go no further."""
    return conditions_after(stages, number) is None
