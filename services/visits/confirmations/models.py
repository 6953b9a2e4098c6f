"""The tables of residents' confirmations and of their ratings, which nothing ties together."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field

from services.visits.tables import VisitsTable

DISPUTED = "took_place IS FALSE"
"""Condition of the partial index, which queries repeat to the letter so that PostgreSQL uses it."""


class Confirmation(VisitsTable, table=True):
    """`lookup` finds the newest code of a visit and is nothing without the pepper; `took_place`, once the resident has spoken.

    There is no time here: it would tell when the resident spoke.
    """

    __tablename__ = "confirmations"
    __table_args__ = (Index("confirmations_disputed", "visit_id", postgresql_where=text(DISPUTED)),)

    visit_id: UUID = Field(primary_key=True, foreign_key="visits.id")
    lookup: bytes = Field(unique=True)
    took_place: bool | None = None


class VisitRating(VisitsTable, table=True):
    """How many in a month gave a unit's visits this score: a count, because a row for each would stand in the order of the
    confirmations."""

    __tablename__ = "visit_ratings"
    __table_args__ = (CheckConstraint("score BETWEEN 1 AND 5", name="visit_ratings_score"),)

    unit_id: UUID = Field(primary_key=True)
    month: date = Field(primary_key=True)
    score: int = Field(primary_key=True)
    given: int
