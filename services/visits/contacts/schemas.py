"""Contacts as they come in and go out."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.visits.contacts.rules import Companion, ContactKind, ContactState, Meeting
from services.visits.posts.schemas import Location
from shared.types import In, Line, Out

Rhythm = Annotated[int, Field(ge=7, le=366, description="A visit every so many days.")]


class NewContact(In):
    unit_id: UUID
    kind: ContactKind
    label: Line = Field(description="What the visitor knows it by. Only the visitor and leads read it.")
    place: Line = Field(description="Where to go. Only the visitor and leads read it.")
    location: Location | None = Field(None, description="Kept to about a hundred metres, to plan short ways.")
    post_id: UUID | None = Field(None, description="The post that visits; may be left to a proposal.")


class ContactChange(In):
    """What is left out stays."""

    label: Line | None = None
    place: Line | None = None
    location: Location | None = None
    post_id: UUID | None = Field(None, description="Another post visits it: its visits to come go to that post at once.")


class ContactShown(Out):
    """What a visit needs, and no more."""

    label: str
    place: str
    meeting: Meeting
    companion: Companion


class ContactOut(Out):
    id: UUID
    unit_id: UUID
    kind: ContactKind
    label: str | None = Field(description="Null for whoever does not visit there.")
    place: str | None
    latitude: float | None
    longitude: float | None
    post_id: UUID | None
    state: ContactState
    rhythm_days: int | None = Field(description="What the resident agreed to.")
    meeting: Meeting
    companion: Companion
    agreed_at: datetime | None
    suspended_until: datetime | None
    last_contact_at: datetime | None = Field(description="Null: never contacted.")
    last_contact_days: int | None = Field(description="Whole days since then.")
    next_due_at: datetime | None
    overdue: bool
    created_at: datetime


class Coverage(Out):
    """Of a unit's contacts. Whoever refused is in no share."""

    contacts: int
    listed: int
    agreed: int
    refused: int
    suspended: int
    contacted: int = Field(description="At least once, of those that did not refuse.")
    never_contacted: int
    overdue: int
    share_contacted: float | None
    median_age_days: float | None = Field(description="Since the last contact; null for fewer than five.")


class UnitCoverage(Coverage):
    unit_id: UUID


class CoverageOut(Out):
    total: Coverage
    units: list[UnitCoverage] = Field(description="Of the unit and those below it that have contacts.")
