"""The tables of research: projects, what they rest on, what they found, what they recommend, and what came of it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Enum, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from services.visits.research.rules import LinkKind, Method, ResearchState
from services.visits.tables import VisitsTable
from shared.types import enum_check

PUBLISHED = "published_at IS NOT NULL"
"""Condition of the partial index, which the register repeats to the letter so that PostgreSQL uses it."""


class ResearchProject(VisitsTable, table=True):
    """`leader_id`: the account whose duty it is. `published_at`: since when it is in the public register."""

    __tablename__ = "research_projects"
    __table_args__ = (
        CheckConstraint(enum_check("state", ResearchState), name="research_projects_state"),
        CheckConstraint(enum_check("method", Method), name="research_projects_method"),
        CheckConstraint("starts_on <= ends_on AND ends_on < follow_up_on", name="research_projects_dates"),
        CheckConstraint("(state = 'stopped') = (stop_reason IS NOT NULL)", name="research_projects_stopped"),
        Index("research_projects_unit", "unit_id", "id"),
        Index("research_projects_leader", "leader_id", "id"),
        Index("research_projects_public", "id", postgresql_where=text(PUBLISHED)),
    )

    id: UUID = Field(primary_key=True)
    unit_id: UUID
    question: str
    population: str
    method: Method = Field(sa_type=Enum(Method, native_enum=False, length=32))
    leader_id: UUID
    starts_on: date
    ends_on: date
    follow_up_on: date
    quota_visits: int
    quota_hours: int
    state: ResearchState = Field(sa_type=Enum(ResearchState, native_enum=False, length=32))
    created_by: UUID
    created_at: datetime
    started_at: datetime | None = None
    reported_at: datetime | None = None
    answered_at: datetime | None = None
    stopped_at: datetime | None = None
    stop_reason: str | None = None
    published_at: datetime | None = None


class ResearchLink(VisitsTable, table=True):
    """What the project rests on: `ref_id` is the id of a case, a visit or a finding."""

    __tablename__ = "research_links"
    __table_args__ = (
        CheckConstraint(enum_check("kind", LinkKind), name="research_links_kind"),
        UniqueConstraint("project_id", "kind", "ref_id", name="research_links_once"),
    )

    id: UUID = Field(primary_key=True)
    project_id: UUID = Field(foreign_key="research_projects.id")
    kind: LinkKind = Field(sa_type=Enum(LinkKind, native_enum=False, length=32))
    ref_id: UUID
    linked_at: datetime


class FieldDay(VisitsTable, table=True):
    """Hours that the leader spent in the field on a day."""

    __tablename__ = "research_field_days"

    project_id: UUID = Field(primary_key=True, foreign_key="research_projects.id")
    day: date = Field(primary_key=True)
    hours: float
    visit_id: UUID | None = Field(default=None, foreign_key="visits.id", index=True)
    recorded_by: UUID
    recorded_at: datetime


class ResearchResult(VisitsTable, table=True):
    __tablename__ = "research_results"

    id: UUID = Field(primary_key=True)
    project_id: UUID = Field(foreign_key="research_projects.id", index=True)
    text: str = Field(sa_type=Text)
    made_at: datetime
    published_at: datetime | None = None


class ResearchEvidence(VisitsTable, table=True):
    """Which links of the project a result rests on."""

    __tablename__ = "research_evidence"

    result_id: UUID = Field(primary_key=True, foreign_key="research_results.id")
    link_id: UUID = Field(primary_key=True, foreign_key="research_links.id", index=True)


class Recommendation(VisitsTable, table=True):
    """`adopted` is null until a lead of `addressed_to` has answered; then it has a day, or a reason."""

    __tablename__ = "research_recommendations"
    __table_args__ = (
        CheckConstraint("(adopted IS TRUE) = (by_when IS NOT NULL)", name="research_recommendations_adopted"),
        CheckConstraint("(adopted IS FALSE) = (reason IS NOT NULL)", name="research_recommendations_declined"),
        CheckConstraint(
            "num_nonnulls(adopted, answered_by, answered_at) IN (0, 3)", name="research_recommendations_answered_whole"
        ),
        Index("research_recommendations_addressed", "addressed_to", "project_id"),
    )

    id: UUID = Field(primary_key=True)
    project_id: UUID = Field(foreign_key="research_projects.id", index=True)
    text: str = Field(sa_type=Text)
    addressed_to: UUID
    made_at: datetime
    adopted: bool | None = None
    by_when: date | None = None
    reason: str | None = None
    answered_by: UUID | None = None
    answered_at: datetime | None = None
    published_at: datetime | None = None


class FollowUp(VisitsTable, table=True):
    """The same measure before and after: whether what was recommended changed anything."""

    __tablename__ = "research_follow_ups"

    project_id: UUID = Field(primary_key=True, foreign_key="research_projects.id")
    indicator: str
    before: float
    after: float
    unit_of_measure: str
    measured_on: date
    text: str = Field(sa_type=Text)
    recorded_by: UUID
    recorded_at: datetime
    published_at: datetime | None = None
