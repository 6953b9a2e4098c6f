"""The tables of proposals: who was proposed to visit whom, on what figures, and what came of it."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Enum, Index, text
from sqlmodel import Field

from services.visits.proposals.rules.acceptance import Outcome, ProposalState
from services.visits.proposals.rules.ground import Reach, Reason
from services.visits.tables import VisitsTable
from shared.types import enum_check

PROPOSED = "state = 'proposed'"
ACCEPTING = "state = 'accepting'"
OPEN = "outcome IS NULL"
"""Conditions of the partial indexes, which the job repeats to the letter so that PostgreSQL uses them."""


class VisitProposal(VisitsTable, table=True):
    """The measures are those of the proposal, and with `turn_` those of dealing the same contacts out in turn."""

    __tablename__ = "visit_proposals"
    __table_args__ = (
        CheckConstraint(enum_check("state", ProposalState), name="visit_proposals_state"),
        CheckConstraint("(state = 'proposed') = (accepted_by IS NULL)", name="visit_proposals_accepted_by"),
        CheckConstraint("(state = 'accepted') = (accepted_at IS NOT NULL)", name="visit_proposals_accepted_whole"),
        Index("visit_proposals_unit", "unit_id", "id"),
        Index("visit_proposals_old", "created_at", postgresql_where=text(PROPOSED)),
        Index("visit_proposals_accepting", "id", postgresql_where=text(ACCEPTING)),
    )

    id: UUID = Field(primary_key=True)
    unit_id: UUID
    starts_on: date
    weeks: int
    only_unassigned: bool
    purpose: str
    time_zone: str
    state: ProposalState = Field(sa_type=Enum(ProposalState, native_enum=False, length=32))
    contacts: int
    out_of_reach: int
    needed: float
    capacity: int
    max_load: float
    overdue: int
    km_per_year: float
    turn_max_load: float
    turn_overdue: int
    turn_km_per_year: float
    over_capacity: int
    place_unknown: int
    dealt_in_turn: int
    created_by: UUID
    created_at: datetime
    accepted_by: UUID | None = None
    accepted_at: datetime | None = None


class ProposedPost(VisitsTable, table=True):
    """A post as the proposal took it, and what it is to carry, in visits a week."""

    __tablename__ = "proposed_posts"

    proposal_id: UUID = Field(primary_key=True, foreign_key="visit_proposals.id")
    post_id: UUID = Field(primary_key=True)
    visits_per_week: int
    owed: float
    carries: float
    contacts: int


class ProposedContact(VisitsTable, table=True):
    """What is proposed for a contact. `from_post_id` and `rhythm_days` are as they were: what the proposal rests on."""

    __tablename__ = "proposed_contacts"
    __table_args__ = (
        CheckConstraint(enum_check("reason", Reason), name="proposed_contacts_reason"),
        CheckConstraint(enum_check("reach", Reach), name="proposed_contacts_reach"),
        CheckConstraint(enum_check("outcome", Outcome), name="proposed_contacts_outcome"),
        Index("proposed_contacts_open", "proposal_id", "contact_id", postgresql_where=text(OPEN)),
    )

    proposal_id: UUID = Field(primary_key=True, foreign_key="visit_proposals.id")
    contact_id: UUID = Field(primary_key=True)
    from_post_id: UUID | None = None
    rhythm_days: int
    post_id: UUID
    first_on: date
    reason: Reason = Field(sa_type=Enum(Reason, native_enum=False, length=32))
    reach: Reach = Field(sa_type=Enum(Reach, native_enum=False, length=32))
    km: int | None = None
    nearest_post_id: UUID
    nearest_km: int | None = None
    outcome: Outcome | None = Field(default=None, sa_type=Enum(Outcome, native_enum=False, length=32))
