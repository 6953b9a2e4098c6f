"""The table of contacts: who is to be visited regularly, if they want to be."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Enum, Index, text
from sqlmodel import Field

from services.visits.contacts.rules import Companion, ContactKind, ContactState, Meeting
from services.visits.tables import VisitsTable
from shared.types import enum_check

SUSPENDED = "suspended_until IS NOT NULL"
"""Condition of the partial index, which the job repeats to the letter."""


class Contact(VisitsTable, table=True):
    """A household, a group or a place of a unit. `label`, `place` and coordinates are here and nowhere else, and are erased when
    the contact ends. `next_due_at` is null unless visits are owed."""

    __tablename__ = "contacts"
    __table_args__ = (
        CheckConstraint(enum_check("kind", ContactKind), name="contacts_kind"),
        CheckConstraint(enum_check("state", ContactState), name="contacts_state"),
        CheckConstraint(enum_check("meeting", Meeting), name="contacts_meeting"),
        CheckConstraint(enum_check("companion", Companion), name="contacts_companion"),
        Index("contacts_unit", "unit_id", "id"),
        Index("contacts_post", "post_id", "id"),
        Index("contacts_due", "next_due_at", postgresql_where=text("next_due_at IS NOT NULL")),
        Index("contacts_suspended", "suspended_until", postgresql_where=text(SUSPENDED)),
    )

    id: UUID = Field(primary_key=True)
    unit_id: UUID
    kind: ContactKind = Field(sa_type=Enum(ContactKind, native_enum=False, length=32))
    label: str
    place: str
    latitude: float | None = None
    longitude: float | None = None
    post_id: UUID | None = Field(default=None, foreign_key="posts.id")
    state: ContactState = Field(sa_type=Enum(ContactState, native_enum=False, length=32))
    rhythm_days: int | None = None
    meeting: Meeting = Field(default=Meeting.home, sa_type=Enum(Meeting, native_enum=False, length=32))
    companion: Companion = Field(default=Companion.none, sa_type=Enum(Companion, native_enum=False, length=32))
    agreed_at: datetime | None = None
    suspended_until: datetime | None = None
    last_contact_at: datetime | None = None
    next_due_at: datetime | None = None
    created_by: UUID
    created_at: datetime
