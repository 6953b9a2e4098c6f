"""Tables of the ledger. What is erased elsewhere leaves its leaf here, which tells nothing without its salt."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.feedback.tables import UTC_TIME, FeedbackTable


class LedgerLeaf(FeedbackTable, table=True):
    """`day` and `position` are set when the day is sealed; in a tree leaves stand in the order of their hashes, not of time."""

    __tablename__ = "ledger_leaves"
    __table_args__ = (
        Index("ledger_leaves_unsealed", "filed_on", postgresql_where="day IS NULL"),
        Index("ledger_leaves_by_day", "day", "position", postgresql_where="day IS NOT NULL"),
    )

    opinion_id: UUID = Field(primary_key=True)
    commitment: bytes
    salt: bytes | None
    filed_on: date
    day: date | None = None
    position: int | None = None


class LedgerDay(FeedbackTable, table=True):
    """`previous` is the seal of the day before it in the ledger; the `id`s stand in the same order as the days."""

    __tablename__ = "ledger_days"

    day: date = Field(primary_key=True)
    id: UUID = Field(unique=True)
    size: int
    root: bytes
    previous: bytes
    seal: bytes
    sealed_at: datetime = Field(sa_type=UTC_TIME)


class LedgerBlock(FeedbackTable, table=True):
    """Leaves one after the other, and the root of their branch."""

    __tablename__ = "ledger_blocks"

    day: date = Field(primary_key=True, foreign_key="ledger_days.day")
    number: int = Field(primary_key=True)
    leaves: bytes
    root: bytes
