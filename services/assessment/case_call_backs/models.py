"""The tables of call-backs of cases: which answered cases were drawn, and what their residents said."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text, UniqueConstraint
from sqlmodel import Field

from services.assessment.case_call_backs.rules import Found
from services.assessment.tables import AssessmentTable
from shared.types import enum_check


class CaseCallBack(AssessmentTable, table=True):
    """The `size` first, by SHA-256 of `seed` followed by the case's id, of the `population` cases that the unit answered in the
    month, named by its first day. There is one for a unit and month: nobody draws until they like what they drew."""

    __tablename__ = "case_call_backs"
    __table_args__ = (
        UniqueConstraint("unit_id", "month", name="case_call_backs_once"),
        Index("ix_case_call_backs_unit_id_finished_at", "unit_id", "finished_at"),
    )

    id: UUID = Field(primary_key=True)
    unit_id: UUID
    month: date
    seed: str = Field(sa_type=Text)
    population: int
    size: int
    drawn_by: UUID
    drawn_at: datetime = Field(sa_type=DateTime(timezone=True))
    finished_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


class CalledCase(AssessmentTable, table=True):
    """`place` is its place in the drawing, from 1."""

    __tablename__ = "called_cases"
    __table_args__ = (CheckConstraint(enum_check("found", Found), name="called_cases_found"),)

    call_back_id: UUID = Field(primary_key=True, foreign_key="case_call_backs.id")
    case_id: UUID = Field(primary_key=True)
    place: int
    found: Found | None = Field(default=None, sa_type=Text)
