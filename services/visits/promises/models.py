"""The table of promises."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Enum, Index, text
from sqlmodel import Field

from services.visits.promises.rules import PromiseState
from services.visits.tables import VisitsTable
from shared.types import enum_check

UNBROKEN = "state = 'open' AND broken_at IS NULL"
OPEN = "state = 'open'"
"""Conditions of the partial indexes, which queries repeat to the letter so that PostgreSQL uses them."""


class Promise(VisitsTable, table=True):
    """What a visitor said would be done, and by when. `owner_id` owes it now: the visitor, or who holds the post after.

    `broken_at`: when it was told that its day had passed; it may still be kept.
    """

    __tablename__ = "promises"
    __table_args__ = (
        CheckConstraint(enum_check("state", PromiseState), name="promises_state"),
        Index("promises_unit", "unit_id", "id"),
        Index("promises_owner", "owner_id", "id"),
        Index("promises_to_break", "due_on", postgresql_where=text(UNBROKEN)),
    )

    id: UUID = Field(primary_key=True)
    visit_id: UUID = Field(foreign_key="visits.id", index=True)
    unit_id: UUID
    post_id: UUID | None = Field(default=None, foreign_key="posts.id", index=True)
    owner_id: UUID
    text: str
    due_on: date
    state: PromiseState = Field(sa_type=Enum(PromiseState, native_enum=False, length=32))
    reason: str | None = None
    made_at: datetime
    kept_at: datetime | None = None
    withdrawn_at: datetime | None = None
    broken_at: datetime | None = None
