"""Practice policies: how often residents are visited and units inspected, how long a grade and what surrounds it last, and how
long cases are kept once they have ended; by level, in versions.

A version is never changed. What is shipped is data (`default_practices.json`), in effect since ever and everywhere.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator
from pydantic_core import PydanticCustomError

from shared.errors import NotFound
from shared.types import Level


class Practice(StrEnum):
    """What a practice policy is about."""

    visit_rhythm = "visit_rhythm"
    inspection_rhythm = "inspection_rhythm"
    grade_terms = "grade_terms"
    retention = "retention"


Days = Annotated[int, Field(strict=True, ge=7, le=366)]
FewDays = Annotated[int, Field(strict=True, ge=7, le=90)]
ManyDays = Annotated[int, Field(strict=True, ge=30, le=1830)]


class VisitRhythm(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    practice: Literal[Practice.visit_rhythm]
    usual_days: Annotated[
        int, Field(strict=True, ge=7, le=366, description="A visit every so many days where the resident says nothing else.")
    ]
    longest_days: Annotated[
        int,
        Field(
            strict=True, ge=7, le=366, description="The longest that a visitor may agree on; a resident may still wish for fewer."
        ),
    ]

    @model_validator(mode="after")
    def _usually_not_longer(self) -> Self:
        if self.usual_days > self.longest_days:
            raise PydanticCustomError("rhythm_order", "must have `usual_days` of at most `longest_days`")
        return self


class InspectionRhythm(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    practice: Literal[Practice.inspection_rhythm]
    every_days: Annotated[
        int, Field(strict=True, ge=30, le=1830, description="A unit is inspected at least once in so many days.")
    ]


class GradeTerms(BaseModel):
    """The least are what due process needs: time to object, to plan, and to comment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    practice: Literal[Practice.grade_terms]
    validity_days: ManyDays = Field(description="So long a published grade holds.")
    objection_days: FewDays = Field(description="So long a unit may object.")
    upgrade_plan_days: Annotated[
        int, Field(strict=True, ge=7, le=366, description="So long an unqualified unit has to hand in its plan.")
    ]
    comment_days: Annotated[
        int, Field(strict=True, ge=7, le=366, description="So long the draft of a standard is open to comments, at least.")
    ]


SHORTEST_ACCESS = 180
"""A speaker must be able to come back for as long as they are watched over."""
LONGEST_KEPT = 3660
"""Ten years: what is kept for good is no term."""
KeptDays = Annotated[int, Field(strict=True, ge=SHORTEST_ACCESS, le=LONGEST_KEPT)]


class Kept(BaseModel):
    """Days from the end of a case of one channel."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    access_days: KeptDays = Field(description="So long its receipt opens it.")
    protected_days: KeptDays = Field(description="So long the words of a confidential or anonymous one are kept.")
    named_days: KeptDays = Field(description="So long those of a named one are.")

    @model_validator(mode="after")
    def _words_not_before_access(self) -> Self:
        if min(self.protected_days, self.named_days) < self.access_days:
            raise PydanticCustomError(
                "retention_order", "must keep words for `access_days` or longer: they cannot go before access to them ends"
            )
        return self

    def words_days(self, *, protected: bool) -> int:
        return self.protected_days if protected else self.named_days


class RetentionTerms(BaseModel):
    """What a speaker is promised when the case ends, by channel: enough time to come back, and an end to what was said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    practice: Literal[Practice.retention]
    thought: Kept
    emotional: Kept
    public_sentiment: Kept
    public_opinion: Kept

    def of(self, channel: str) -> Kept:
        kept: Kept = getattr(self, channel)
        return kept


PracticeRules = Annotated[VisitRhythm | InspectionRhythm | GradeTerms, Field(discriminator="practice")]
"""What travels as `PracticePolicyRegistered`, a contract that takes no other."""
AnyRules = Annotated[VisitRhythm | InspectionRhythm | GradeTerms | RetentionTerms, Field(discriminator="practice")]
Rules = TypeVar("Rules", VisitRhythm, InspectionRhythm, GradeTerms, RetentionTerms)


class PracticePolicy(BaseModel):
    """One version, for units of a level or of all. `name` stays in assessment: it does not travel."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: UUID
    code: str
    name: str | None = None
    version: int
    level: Level | None
    effective_from: datetime
    rules: AnyRules

    @property
    def label(self) -> str:
        return f"{self.code}.v{self.version}"


def code_of(practice: Practice, level: Level | None) -> str:
    """A practice has one policy for all levels, and one for each."""
    return practice.value if level is None else f"{practice.value}:{level.value}"


SHIPPED: tuple[PracticePolicy, ...] = TypeAdapter(tuple[PracticePolicy, ...]).validate_json(
    Path(__file__).with_name("default_practices.json").read_bytes()
)


class PracticeBook:
    """These policies and those shipped. It never changes; a new book takes its place."""

    def __init__(self, policies: Iterable[PracticePolicy] = ()) -> None:
        self._by_code: dict[str, list[PracticePolicy]] = {}
        for policy in sorted({each.label: each for each in (*SHIPPED, *policies)}.values(), key=lambda each: -each.version):
            self._by_code.setdefault(policy.code, []).append(policy)

    def policy_for(self, practice: Practice, level: Level | None, at: datetime) -> PracticePolicy:
        """The policy in effect at `at`: the level's before that for all levels, then the highest version that has begun.

        Raises `NotFound` (practice-policy-not-found) before anything was in effect.
        """
        for scope in dict.fromkeys((level, None)):
            for policy in self._by_code.get(code_of(practice, scope), ()):
                if policy.effective_from <= at:
                    return policy
        raise NotFound("practice-policy-not-found", f"No policy on {practice.value} was in effect at {at.isoformat()}.")

    def visit_rhythm(self, level: Level | None, at: datetime) -> VisitRhythm:
        return _the(VisitRhythm, self.policy_for(Practice.visit_rhythm, level, at))

    def inspection_rhythm(self, level: Level | None, at: datetime) -> InspectionRhythm:
        return _the(InspectionRhythm, self.policy_for(Practice.inspection_rhythm, level, at))

    def grade_terms(self, level: Level | None, at: datetime) -> GradeTerms:
        return _the(GradeTerms, self.policy_for(Practice.grade_terms, level, at))

    def retention(self, level: Level | None, at: datetime) -> RetentionTerms:
        return _the(RetentionTerms, self.policy_for(Practice.retention, level, at))


def _the(kind: type[Rules], policy: PracticePolicy) -> Rules:
    assert isinstance(policy.rules, kind), "a code names its practice"
    return policy.rules
