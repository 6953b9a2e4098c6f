"""The tables of call-backs: samples of visits whose residents are asked whether somebody came."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Enum, Index
from sqlmodel import Field

from services.visits.call_backs.rules import Result
from services.visits.tables import VisitsTable
from shared.types import enum_check


class CallBack(VisitsTable, table=True):
    """The `size` first, by SHA-256 of `seed` followed by the visit's id, of the `population` visits that `unit_id` and the units
    below it made, or were refused, in the period, as far as they were recorded when it was drawn."""

    __tablename__ = "call_backs"
    __table_args__ = (Index("call_backs_unit", "unit_id", "id"),)

    id: UUID = Field(primary_key=True)
    unit_id: UUID
    starts_on: date
    ends_on: date
    seed: str
    population: int
    size: int
    drawn_by: UUID
    drawn_at: datetime
    finished_at: datetime | None = None


class CallBackVisit(VisitsTable, table=True):
    """`place` is its place in the drawing, from 1."""

    __tablename__ = "call_back_visits"
    __table_args__ = (CheckConstraint(enum_check("result", Result), name="call_back_visits_result"),)

    call_back_id: UUID = Field(primary_key=True, foreign_key="call_backs.id")
    visit_id: UUID = Field(primary_key=True, foreign_key="visits.id", index=True)
    place: int
    result: Result | None = Field(default=None, sa_type=Enum(Result, native_enum=False, length=32))
