"""The tables of synchronising: what left whom, what was taken, and what stood against it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Enum, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.visits.sync.rules import Choice
from services.visits.tables import VisitsTable
from services.visits.visits.models import THIS_TRANSACTION
from shared.types import JsonObject, enum_check


class VisitDeparture(VisitsTable, table=True):
    """A visit that was an account's once, and when it last left. Triggers write it, so that no way of reassigning forgets to."""

    __tablename__ = "visit_departures"
    __table_args__ = (
        Index("visit_departures_changes", "account_id", "changed", "visit_id"),
        Index("visit_departures_old", "changed"),
    )

    account_id: UUID = Field(primary_key=True)
    visit_id: UUID = Field(primary_key=True)
    changed: int | None = Field(
        default=None, sa_type=BigInteger, nullable=False, sa_column_kwargs={"server_default": text(THIS_TRANSACTION)}
    )


class SyncedItem(VisitsTable, table=True):
    """A record that was taken, by the id that the phone gave it: it has one effect however often it is sent.

    The fingerprint is of what was sent alone, so that a field which records get later does not change it.
    """

    __tablename__ = "synced_items"
    __table_args__ = (Index("synced_items_old", "synced_at"),)

    account_id: UUID = Field(primary_key=True)
    client_id: UUID = Field(primary_key=True)
    fingerprint: bytes
    synced_at: datetime


class SyncConflict(VisitsTable, table=True):
    """A record that came when the visit had been recorded before: that one stands, this one is kept as it was sent,
    until whoever sent it has settled what becomes of it."""

    __tablename__ = "sync_conflicts"
    __table_args__ = (
        CheckConstraint(enum_check("choice", Choice), name="sync_conflicts_choice"),
        CheckConstraint("(choice IS NULL) = (settled_at IS NULL)", name="sync_conflicts_settled"),
        UniqueConstraint("account_id", "client_id", name="sync_conflicts_item"),
        Index("sync_conflicts_unit", "unit_id", "id"),
    )

    id: UUID = Field(primary_key=True)
    account_id: UUID
    client_id: UUID
    visit_id: UUID = Field(foreign_key="visits.id", index=True)
    unit_id: UUID
    base_version: str
    record: JsonObject = Field(sa_type=JSONB)
    found_at: datetime
    choice: Choice | None = Field(default=None, sa_type=Enum(Choice, native_enum=False, length=32))
    settled_at: datetime | None = None


class SyncMark(VisitsTable, table=True):
    """At this moment all transactions with a lower number were over. `forgotten`: departures from before may be gone."""

    __tablename__ = "sync_marks"

    changed: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    marked_at: datetime
    forgotten: bool = False
