"""Scorecards and the public board as they are shown. Shares and composites are 0 to 1, durations are seconds."""

from dataclasses import asdict
from datetime import date, datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import Field

from services.assessment.campaigns.queries import Running
from services.assessment.grading.rules import FORMULA, MEANINGS, RETALIATION, Gate, GateCode, Grade, GradeValue, Part
from services.assessment.indicators.rules import Period, Tally, VisitCounts, wilson
from services.assessment.standards.rules import Criterion
from services.assessment.standards.schemas import Bands
from shared.types import Level, Out


class IntervalOut(Out):
    """Wilson, 95 %."""

    low: float
    high: float


class Rate(Out):
    """A share with its 95 % Wilson interval; null when there is nothing to go by."""

    value: float | None
    n: int | None
    low: float | None
    high: float | None
    suppressed: bool = Field(description="Too few residents stand behind it to show it to you.")

    @classmethod
    def of(cls, tally: Tally, *, suppressed: bool) -> Self:
        if suppressed:
            return cls(value=None, n=None, low=None, high=None, suppressed=True)
        interval = wilson(tally)
        low, high = (interval.low, interval.high) if interval else (None, None)
        return cls(value=tally.value, n=tally.n, low=low, high=high, suppressed=False)


class SpreadOut(Out):
    median_s: float | None
    p90_s: float | None
    n: int | None


class CaseCountsOut(Out):
    """Cases to which each happened at least once. Null: too few residents' verdicts to show it to you."""

    opened: int
    answered: int
    confirmed: int | None
    refused: int | None
    reopened: int | None
    breached: int
    escalated: int


class VisitCountsOut(Out):
    """Of the visits planned for the period: what became of them. A refusal counts against nobody."""

    planned: int
    done: int
    done_late: int = Field(description="Made, or entered, after its window: honest, and counted apart.")
    missed: int
    refused: int
    with_findings: int
    counted: int = Field(description="Visits by which something was learned or done; the others are journeys only.")
    on_time: Rate = Field(description="Of the visits made or missed, those made in time.")

    @classmethod
    def of(cls, visits: VisitCounts) -> Self:
        return cls(**asdict(visits), on_time=Rate.of(visits.on_time, suppressed=False))


class PeriodKind(StrEnum):
    all_time = "all_time"
    campaign = "campaign"


class PeriodOut(Out):
    """What the figures cover. A campaign's start counts from its full hour."""

    kind: PeriodKind
    starts_at: datetime | None
    ends_at: datetime | None

    @classmethod
    def of(cls, period: Period) -> Self:
        kind = PeriodKind.campaign if period.since else PeriodKind.all_time
        return cls(kind=kind, starts_at=period.since, ends_at=period.until)


class GradingCampaign(Out):
    id: UUID
    code: str
    standard_id: UUID
    standard_version: int


class GradeShort(Out):
    value: GradeValue
    reason: str


class StandardUsed(Out):
    id: UUID
    code: str
    version: int
    bands: Bands


class CriterionShown(Out):
    """One branch of the explanation. `missing` counts the observations that are missing."""

    criterion: Criterion
    weight: int
    value: float | None
    n: int | None
    interval: IntervalOut | None
    minimum: int
    missing: int | None
    contribution: float | None
    suppressed: bool
    source: str
    formula: str

    @classmethod
    def of(cls, part: Part) -> Self:
        interval = None if part.hidden else wilson(part.tally)
        meaning = MEANINGS[part.criterion]
        return cls(
            criterion=part.criterion,
            weight=part.weight,
            value=None if part.hidden else part.tally.value,
            n=None if part.hidden else part.tally.n,
            interval=IntervalOut.model_validate(interval) if interval else None,
            minimum=part.minimum,
            missing=None if part.hidden else part.missing,
            contribution=None if part.contribution is None else float(part.contribution),
            suppressed=part.hidden,
            source=meaning.source,
            formula=meaning.formula,
        )


class GateShown(Out):
    """A gate that the unit did not pass, which makes it unqualified whatever the composite."""

    code: GateCode
    count: int
    since: date
    until: date = Field(description="The last day on which it counts.")
    source: str
    formula: str

    @classmethod
    def of(cls, gate: Gate) -> Self:
        return cls(
            code=gate.code,
            count=gate.count,
            since=gate.since,
            until=gate.until,
            source=RETALIATION.source,
            formula=RETALIATION.formula,
        )


class Explanation(Out):
    """How the grade came about; `missing` names the criteria that keep it from being given, `gates` what overrules them."""

    formula: str
    standard: StandardUsed | None
    criteria: list[CriterionShown]
    composite: float | None
    missing: list[Criterion]
    gates: list[GateShown]

    @classmethod
    def of(cls, grade: Grade, running: Running | None) -> Self:
        return cls(
            formula=FORMULA,
            standard=_standard_used(running) if running else None,
            criteria=[CriterionShown.of(part) for part in grade.parts],
            composite=composite_of(grade),
            missing=[part.criterion for part in grade.parts if part.missing],
            gates=[GateShown.of(gate) for gate in grade.gates],
        )


class GradeOut(GradeShort):
    explanation: Explanation


class ThreeRates(Out):
    response_rate: Rate
    resolution_rate: Rate
    satisfaction_rate: Rate


class UnitRates(ThreeRates):
    unit_id: UUID
    period: PeriodOut


class Scorecard(UnitRates):
    acknowledgement: SpreadOut
    first_answer: SpreadOut
    completion: SpreadOut
    cases: CaseCountsOut
    visits: VisitCountsOut
    campaign: GradingCampaign | None
    composite: float | None
    grade: GradeOut


class BoardItem(UnitRates):
    code: str
    name: str
    level: Level
    path: str
    cases_opened: int
    grade: GradeShort


def composite_of(grade: Grade) -> float | None:
    return None if grade.composite is None else float(grade.composite)


def campaign_of(running: Running) -> GradingCampaign:
    return GradingCampaign(
        id=running.campaign.id,
        code=running.campaign.code,
        standard_id=running.standard.id,
        standard_version=running.standard.version,
    )


def _standard_used(running: Running) -> StandardUsed:
    standard = running.standard
    return StandardUsed(id=standard.id, code=standard.code, version=standard.version, bands=Bands.model_validate(standard.scale))
