"""Outcomes as they come in and go out."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.assessment.outcomes.rules import Better, EvidenceKind, Noticed, is_public_url
from shared.needs import Need, NeedKind
from shared.types import Day, Finite, In, Line, Out

MOST = 20


class EvidenceIn(In):
    """Where it can be seen: something in this system by its id, or a page that anybody may read."""

    kind: EvidenceKind
    id: UUID | None = None
    url: Annotated[str, Field(max_length=2000)] | None = Field(None, description="https, of a public host.")

    @model_validator(mode="after")
    def _either_id_or_url(self) -> Self:
        if (self.id is None) == (self.url is None):
            raise PydanticCustomError("evidence", "say either id or url")
        if self.url is not None and not is_public_url(self.url):
            raise PydanticCustomError("evidence_url", "url must be https, of a public host, without a password in it")
        return self


Evidence = Annotated[list[EvidenceIn], Field(min_length=1, max_length=MOST)]


class IndicatorIn(In):
    name: Line
    unit_of_measure: Line
    better: Better


class BaselineIn(In):
    value: Finite
    on: Day
    evidence: Evidence


class TargetIn(In):
    value: Finite
    on: Day = Field(description="Later than today.")


class OutcomeIn(In):
    unit_id: UUID
    campaign_id: UUID | None = None
    title: Line
    indicator: IndicatorIn
    baseline: BaselineIn
    target: TargetIn
    beneficiaries: Line = Field(description="Who benefits, in coarse words: never a person or a household.")
    needs: Annotated[list[Need], Field(min_length=1, max_length=MOST)]


class MeasurementIn(In):
    """A newer one corrects an older one of the same day."""

    value: Finite
    measured_on: Day
    evidence: Evidence


class NoticedIn(In):
    noticed: Noticed = Field(description="Whether you notice the change. You may change your mind.")


class NeedOut(Out):
    kind: NeedKind
    id_or_code: str


class EvidenceOut(Out):
    kind: EvidenceKind
    id: UUID | None
    url: str | None


class PublicEvidence(Out):
    """`url` is null for what stays in this system, where people may be named."""

    kind: EvidenceKind
    url: str | None


class IndicatorOut(Out):
    name: str
    unit_of_measure: str
    better: Better


class TargetOut(Out):
    value: float
    on: date


class Confirmation(Out):
    """Of the residents who said whether they notice it, those who do; null while fewer than five said anything. Counted anew with
    every fifth."""

    share: float | None
    low: float | None = Field(description="Wilson, 95 %.")
    high: float | None
    n: int | None


class OutcomeFields(Out):
    id: UUID
    unit_id: UUID
    campaign_id: UUID | None
    title: str
    indicator: IndicatorOut
    target: TargetOut
    beneficiaries: str
    progress: float | None = Field(description="The part of the way from baseline to target, 0 to 1; null before a measurement.")
    confirmation: Confirmation
    counted_progress: float | None = Field(
        description="What counts: the progress times the share of residents who notice it; null while either is missing."
    )
    recorded_at: datetime
    published_at: datetime | None
    reached_at: datetime | None = Field(description="When a measurement first reached the target.")


class BaselineOut(Out):
    value: float
    on: date
    evidence: list[EvidenceOut]


class MeasurementOut(Out):
    id: UUID
    value: float
    measured_on: date
    evidence: list[EvidenceOut]
    recorded_at: datetime


class OutcomeOut(OutcomeFields):
    baseline: BaselineOut
    latest: MeasurementOut | None
    needs: list[NeedOut]


class OutcomeDetail(OutcomeOut):
    measurements: list[MeasurementOut] = Field(description="All of them, oldest first, at most 100.")


class PublicMeasure(Out):
    value: float
    on: date
    evidence: list[PublicEvidence]


class PublicOutcome(OutcomeFields):
    """Before and after."""

    before: PublicMeasure
    after: PublicMeasure | None
    needs: list[NeedKind] = Field(description="What kinds of needs it answers to.")


class OwnVoice(Out):
    """What you said."""

    outcome_id: UUID
    noticed: Noticed
