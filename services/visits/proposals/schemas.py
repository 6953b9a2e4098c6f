"""Proposals as they come in and go out."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.visits.proposals.rules.acceptance import Outcome, ProposalState
from services.visits.proposals.rules.ground import Reach, Reason
from shared.types import Day, In, Line, Out, Text


class NewProposal(In):
    unit_id: UUID = Field(description="Posts and contacts of this unit and of those below it.")
    starts_on: Day = Field(description="The first day of the first week.")
    weeks: int = Field(26, ge=1, le=52, description="For how many weeks the schedule is looked at.")
    only_unassigned: bool = Field(True, description="Contacts that have a post keep it; what it owes them counts as its load.")
    purpose: Line = Field("Regular contact", description="Of the visits that come of it.")
    time_zone: Annotated[Text, StringConstraints(max_length=64)] = Field("UTC", description="IANA name, in which a day begins.")


class MeasuresOut(Out):
    """What a proposal is held to: none may be worse than when contacts are dealt out in turn."""

    max_load: float = Field(description="Visits owed a week to visits that can be made, of the most loaded post.")
    overdue: int = Field(description="Contacts reached later than agreed; of those overdue at the start, later than one rhythm.")
    km_per_year: float = Field(
        description="There and back, every visit on its own, from whole kilometres. A post without a place counts as far as the "
        "others on the mean."
    )


class ProposalOut(Out):
    id: UUID
    unit_id: UUID
    starts_on: date
    weeks: int
    only_unassigned: bool
    purpose: str
    time_zone: str
    state: ProposalState
    contacts: int
    posts: int
    out_of_reach: int = Field(description="Contacts that no post may take.")
    visits_needed_per_week: float = Field(description="What all contacts ask for, those included that have a post and keep it.")
    visits_possible_per_week: int
    measures: MeasuresOut
    round_robin: MeasuresOut
    limits: list[str] = Field(description="What keeps it from being better, in plain words; empty where nothing does.")
    created_by: UUID
    created_at: datetime
    accepted_by: UUID | None
    accepted_at: datetime | None = Field(description="When the last plan was made.")


class PostLoad(Out):
    """What a post would carry; loads are shares of what it can make."""

    post_id: UUID
    visits_per_week: int
    contacts: int = Field(description="That are proposed for it.")
    load_before: float
    load_after: float


class ProposalDetail(ProposalOut):
    loads: list[PostLoad]


class AssignmentOut(Out):
    contact_id: UUID
    post_id: UUID
    first_on: date
    reason: Reason
    reach: Reach
    explanation: str
    km: int | None = Field(description="To the post, in whole kilometres; null where a place is not known.")
    nearest_post_id: UUID
    nearest_km: int | None
    load_before: float
    load_after: float
    outcome: Outcome | None = Field(description="Once accepted: `left` where the contact had changed before its turn came.")
