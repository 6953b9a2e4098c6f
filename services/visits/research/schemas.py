"""Research as it comes in and goes out, to those who do it and to everybody."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.visits.research.rules import MOST_HOURS_A_DAY, LinkKind, Method, ResearchState
from shared.types import Body, Code, Day, Finite, In, Line, Out

MOST_LINKS = 200
MOST_RESULTS = 50
MOST_RECOMMENDATIONS = 50
MOST_EVIDENCE = 50
Words = Annotated[Body, StringConstraints(max_length=4_000)]
Quota = Annotated[int, Field(strict=True, ge=0, le=1_000)]


class ResearchQuotaIn(In):
    """What the leader is to do in person."""

    visits: Quota
    hours: Quota = Field(description="In the field.")


class NewResearch(In):
    unit_id: UUID
    question: Line
    population: Line = Field(description="Whom it is about, as a group.")
    method: Method
    leader_id: UUID = Field(description="The account of the official or lead whose duty it is.")
    starts_on: Day
    ends_on: Day
    follow_up_on: Day = Field(description="When it is measured whether anything changed.")
    quota: ResearchQuotaIn


class ResearchStopIn(In):
    reason: Line


class ResearchLinkIn(In):
    kind: LinkKind
    id: UUID


class FieldDayIn(In):
    on: Day
    hours: Annotated[float, Field(gt=0, le=MOST_HOURS_A_DAY, multiple_of=0.5, allow_inf_nan=False)]
    visit_id: UUID | None = Field(None, description="A visit that was made then.")


class ResearchResultIn(In):
    text: Words = Field(description="Name nobody: once published, anybody may read it.")
    evidence: Annotated[frozenset[UUID], Field(min_length=1, max_length=MOST_EVIDENCE)] = Field(
        description="Ids of links of this project that it rests on."
    )


class RecommendationIn(In):
    text: Words = Field(description="Name nobody: once published, anybody may read it.")
    addressed_to: UUID = Field(description="The unit that is to adopt or decline it.")


class AdoptionIn(In):
    by_when: Day


class DeclineIn(In):
    reason: Line = Field(description="Once the recommendation is published, anybody may read it.")


class FollowUpIn(In):
    indicator: Code
    before: Finite
    after: Finite
    unit_of_measure: Line
    measured_on: Day
    text: Words = Field(description="Name nobody: once published, anybody may read it.")


class ResearchQuotaOut(Out):
    visits: int
    hours: int


class ResearchProgressOut(Out):
    visits: int = Field(description="Linked, and made.")
    hours: float


class ResearchOut(Out):
    id: UUID
    unit_id: UUID
    question: str
    population: str
    method: Method
    leader_id: UUID | None = Field(description="Null for those who see it only because a recommendation is addressed to them.")
    starts_on: date
    ends_on: date
    follow_up_on: date
    follow_up_overdue: bool
    quota: ResearchQuotaOut
    state: ResearchState
    created_at: datetime
    started_at: datetime | None
    reported_at: datetime | None
    answered_at: datetime | None
    stopped_at: datetime | None
    stop_reason: str | None
    published_at: datetime | None


class ResearchLinkOut(Out):
    id: UUID
    kind: LinkKind
    ref_id: UUID
    linked_at: datetime


class FieldDayOut(Out):
    day: date
    hours: float
    visit_id: UUID | None
    recorded_at: datetime


class ResearchResultOut(Out):
    id: UUID
    text: str
    evidence: list[UUID] = Field(description="Ids of links.")
    made_at: datetime
    published_at: datetime | None


class RecommendationOut(Out):
    id: UUID
    text: str
    addressed_to: UUID
    made_at: datetime
    adopted: bool | None = Field(description="Null while it is unanswered.")
    by_when: date | None
    reason: str | None
    answered_at: datetime | None
    published_at: datetime | None


class FollowUpOut(Out):
    indicator: str
    before: float
    after: float
    unit_of_measure: str
    measured_on: date
    text: str
    published_at: datetime | None


class ResearchDetail(ResearchOut):
    """`links` and `field_days` are empty for those who see it only because a recommendation is addressed to them."""

    progress: ResearchProgressOut
    links: list[ResearchLinkOut]
    field_days: list[FieldDayOut]
    results: list[ResearchResultOut]
    recommendations: list[RecommendationOut]
    follow_up: FollowUpOut | None


class RegisterOut(Out):
    """A project as anybody sees it: neither who leads it nor which cases and visits it rests on."""

    id: UUID
    unit_id: UUID
    question: str
    population: str
    method: Method
    state: ResearchState
    starts_on: date
    ends_on: date
    follow_up_on: date
    follow_up_overdue: bool


class PublicResult(Out):
    text: str
    evidence: int = Field(description="How many cases, visits and findings it rests on.")


class PublicRecommendation(Out):
    text: str
    addressed_to: UUID
    adopted: bool | None = Field(description="Null while it is unanswered.")
    by_when: date | None
    reason: str | None


class PublicFollowUp(Out):
    indicator: str
    before: float
    after: float
    unit_of_measure: str
    measured_on: date
    text: str | None = Field(description="Null until it is published.")


class RegisterDetail(RegisterOut):
    field_hours: float
    links: dict[LinkKind, int] = Field(description="How many cases, visits and findings it rests on.")
    results: list[PublicResult]
    recommendations: list[PublicRecommendation]
    follow_up: PublicFollowUp | None
