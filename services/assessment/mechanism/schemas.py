"""The habits of a unit as they are shown. Values are 0 to 1."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from services.assessment.grading.schemas import GradeShort
from services.assessment.indicators.rules import Tally
from services.assessment.mechanism.rules import HABITS, Habit, Kept, Seen, Sign, score_of
from shared.types import Out


class HabitOut(Out):
    habit: Habit
    value: float | None
    hits: int | None = Field(description="Null for outcomes, which come about in part: there `value` is a mean.")
    n: int
    low: float | None = Field(description="Wilson, 95 %, as `high`.")
    high: float | None
    missing: str | None = Field(description="What keeps it from being known, and out of the score.")
    formula: str
    source: str

    @classmethod
    def of(cls, kept: Kept) -> Self:
        value, interval, meaning = kept.value, kept.interval, HABITS[kept.habit]
        return cls(
            habit=kept.habit,
            value=None if value is None else float(value),
            hits=kept.hits,
            n=kept.n,
            low=interval.low if interval else None,
            high=interval.high if interval else None,
            missing=kept.lack,
            formula=meaning.formula,
            source=meaning.source,
        )


class AlarmsDecided(Out):
    """Alarms about closing in bulk. They stand beside the score: that nobody was suspected is no merit to be counted."""

    decided: int
    upheld: int


class Steady(Out):
    """What runs by itself."""

    score: float | None
    not_scored: str | None = Field(description="What is missing, where there is no score. Nothing missing is taken for zero.")
    rests_on: list[Habit] = Field(description="The habits that are known.")
    habits: list[HabitOut]
    alarms: AlarmsDecided

    @classmethod
    def of(cls, kept: Sequence[Kept], alarms: Tally) -> Self:
        score = score_of(kept)
        lacks = "; ".join(each.lack for each in kept if each.lack)
        return cls(
            score=None if score is None else float(score),
            not_scored=f"not scored: {lacks}" if score is None else None,
            rests_on=[each.habit for each in kept if not each.lack],
            habits=[HabitOut.of(each) for each in kept],
            alarms=AlarmsDecided(decided=alarms.n, upheld=alarms.hits),
        )


class Span(Out):
    days: int
    since: datetime
    until: datetime
    own: Steady


class SpanWithBelow(Span):
    with_below: Steady = Field(description="The unit and all below it: their observations, summed.")


class CampaignGrade(GradeShort):
    """What a campaign made of the unit: the grade that stands."""

    composite: float | None
    published_at: datetime


class MechanismHead(Out):
    """What the unit keeps up whether or not there is a campaign, beside what it reached in one."""

    unit_id: UUID
    formula: str
    campaign_grade: CampaignGrade | None


class PublicMechanism(MechanismHead):
    spans: list[Span]


class Mechanism(MechanismHead):
    units: int = Field(description="So many are in `with_below`.")
    spans: list[SpanWithBelow]


class SignOut(Out):
    """`visits_made`: visits a day. `first_answer`: the median in seconds."""

    sign: Sign
    during: float | None
    during_n: int
    after: float | None
    after_n: int
    kept: float | None = Field(description="0 to 1: what is left of it afterwards.")
    missing: str | None

    @classmethod
    def of(cls, seen: Seen) -> Self:
        return cls(**asdict(seen), kept=seen.kept, missing=seen.lack)


class CooledCampaign(Out):
    id: UUID
    code: str


class Between(Out):
    since: datetime
    until: datetime


class Cooling(Out):
    """What is left of a unit's activity and of its speed since the last campaign that measured it, until the next one."""

    unit_id: UUID
    campaign: CooledCampaign | None
    during: Between | None
    after: Between | None
    signs: list[SignOut]
    index: float | None
    cooled: bool | None = Field(description="The alert: the index is below 0.8.")
    not_shown: str | None = Field(description="Why there is no index. What is missing is never taken for zero.")
    formula: str
