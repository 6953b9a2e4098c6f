"""Scorecards and the public board as they are shown. Shares and composites are 0 to 1, durations are seconds."""

from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import Self
from uuid import UUID

import msgspec
from pydantic import Field

from services.assessment.campaigns.queries import Running
from services.assessment.grading.rules.gates import CountedGate, Gate, GateCode
from services.assessment.grading.rules.judging import FORMULA, Advice, Branch, Grade, GradeValue, meaning_of
from services.assessment.indicators.rules import Confirmation, Indicator, Period, Tally, VisitCounts, wilson
from services.assessment.standards.models import Standard
from services.assessment.standards.rules import Bands, Scale, Source
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


class GapOut(Out):
    """What residents say of the cases that the unit called resolved, by answering them, and which were judged or closed unjudged.

    A case counts for the unit that answered it, also when it was reopened and handed over afterwards.
    """

    value: float | None = Field(description="The share that no resident confirmed, or that was reopened: 1 - confirmation.")
    confirmation: Rate = Field(description="Of those cases, the ones that a resident confirmed and nobody reopened.")
    durability: Rate = Field(description="Of the cases that a resident confirmed, the ones never reopened since.")

    @classmethod
    def of(cls, said: Confirmation, *, fewest: int) -> Self:
        """Nothing that rests on fewer than `fewest` residents: who did not judge is counted, and said nothing."""
        hidden = said.verdicts < fewest
        confirmation, durability = [
            Rate.of(tally, suppressed=few) for tally, few in ((said.rate, hidden), (said.durability, said.durability.n < fewest))
        ]
        return cls(value=None if hidden else said.gap, confirmation=confirmation, durability=durability)


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
        return cls(**msgspec.structs.asdict(visits), on_time=Rate.of(visits.on_time, suppressed=False))


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
    """The bands are those of the unit's level."""

    id: UUID
    code: str
    version: int
    bands: Bands


class CriterionShown(Out):
    """One branch of the explanation. `missing` counts the observations that are missing."""

    criterion: str
    name: str
    part: Source = Field(description="Whose word it is; the parts are separate, and none stands in for another.")
    owner: str
    weight: int
    value: float | None
    n: int | None
    interval: IntervalOut | None
    scale: Scale
    worth: float | None = Field(description="Where the value lies on its scale, 0 to 1.")
    minimum: int
    missing: int | None
    contribution: float | None
    suppressed: bool
    source: str
    formula: str

    @classmethod
    def of(cls, part: Branch) -> Self:
        hidden, interval, meaning = part.hidden, None if part.hidden else part.interval, meaning_of(part.criterion)
        return cls(
            criterion=part.criterion.code,
            name=part.criterion.name,
            part=part.criterion.source,
            owner=part.criterion.owner,
            weight=part.criterion.weight,
            value=None if hidden else _float(part.observed.value),
            n=None if hidden else part.observed.n,
            interval=IntervalOut.model_validate(interval) if interval else None,
            scale=part.criterion.scale,
            worth=None if hidden else _float(part.worth),
            minimum=part.minimum,
            missing=None if hidden else part.missing,
            contribution=_float(part.contribution),
            suppressed=hidden,
            source=meaning.source,
            formula=meaning.formula,
        )


class GateShown(Out):
    """A gate that the unit did not pass, which makes it unqualified whatever the composite."""

    code: GateCode
    reason: str
    count: int | None = Field(description="Of retaliation the reports found true, of alarms those upheld.")
    since: date | None
    until: date | None = Field(
        description="Of retaliation the last day on which it counts, of alarms the last that they are about."
    )
    indicator: Indicator | None = Field(description="Of a floor: what is below it.")
    value: float | None
    n: int | None
    at_least: float | None
    source: str
    formula: str

    @classmethod
    def of(cls, gate: Gate) -> Self:
        if isinstance(gate, CountedGate):
            told: dict[str, object] = {"count": gate.count, "since": gate.since, "until": gate.until}
        else:
            told = {"indicator": gate.floor.indicator, "at_least": float(gate.floor.at_least)}
            told |= {"value": _float(gate.observed.value), "n": gate.observed.n}
        told |= {"code": gate.code, "reason": gate.reason, "source": gate.meaning.source, "formula": gate.meaning.formula}
        return cls.model_validate({**dict.fromkeys(cls.model_fields), **told})


class Between(Out):
    """The grades that the 95 % intervals of the shares leave possible; certain where both are the same."""

    low: GradeValue
    high: GradeValue


class AdviceOut(Out):
    """The criterion with the most to gain."""

    criterion: str
    gain: float = Field(description="What the composite rises by when the criterion is worth everything.")
    band: GradeValue | None = Field(description="The next better grade; null at the best.")
    further: int | None = Field(
        description="So many more favourable observations, and nothing else, would reach it; null where no number of them would."
    )

    @classmethod
    def of(cls, advice: Advice) -> Self:
        return cls(criterion=advice.criterion, gain=float(advice.gain), band=advice.band, further=advice.further)


class Explanation(Out):
    """How the grade came about; `missing` names the criteria that keep it from being given, `gates` what overrules them."""

    formula: str
    standard: StandardUsed | None
    criteria: list[CriterionShown]
    composite: float | None
    missing: list[str]
    gates: list[GateShown]
    between: Between | None
    raises_most: AdviceOut | None

    @classmethod
    def of(cls, grade: Grade, standard: StandardUsed | None) -> Self:
        low, high = grade.between or (None, None)
        return cls(
            formula=FORMULA,
            standard=standard,
            criteria=[CriterionShown.of(part) for part in grade.parts],
            composite=composite_of(grade),
            missing=[part.criterion.code for part in grade.parts if part.lacks],
            gates=[GateShown.of(gate) for gate in grade.gates],
            between=Between(low=low, high=high) if low and high else None,
            raises_most=AdviceOut.of(grade.advice) if grade.advice else None,
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
    gap: GapOut = Field(description="Between what officials call resolved and what residents confirm.")


class Scorecard(UnitRates):
    acknowledgement: SpreadOut
    first_answer: SpreadOut
    completion: SpreadOut
    cases: CaseCountsOut
    visits: VisitCountsOut
    called_back: Rate = Field(
        description="Of the residents whom inspectors reached about cases drawn at random, those who confirm: beside `gap`. "
        "A call-back that reached fewer than five counts for nobody."
    )
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
    return _float(grade.composite)


def campaign_of(running: Running) -> GradingCampaign:
    return GradingCampaign(
        id=running.campaign.id,
        code=running.campaign.code,
        standard_id=running.standard.id,
        standard_version=running.standard.version,
    )


def standard_used(standard: Standard, bands: Bands) -> StandardUsed:
    return StandardUsed(id=standard.id, code=standard.code, version=standard.version, bands=bands)


def _float(share: Fraction | None) -> float | None:
    return None if share is None else float(share)
