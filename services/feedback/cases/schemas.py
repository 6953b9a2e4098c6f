"""What goes in and out of the case routes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.feedback.cases.rules import Channel, Protection, State, Verb
from shared.events.feedback import CaseSource, ClockKind
from shared.types import In, Line, Out, Score


class NothingIn(In):
    """An empty object."""


class ConfirmationIn(In):
    resolved: Annotated[bool, Field(strict=True, description="Whether anything changed.")]
    satisfied: Annotated[bool | None, Field(strict=True)] = None
    score: Score | None = None


class ReopeningIn(In):
    reason: Line


class WithdrawalIn(In):
    reason: Line | None = None


class ClockOut(Out):
    kind: ClockKind
    started_at: datetime
    due_at: datetime
    paused_at: datetime | None = Field(description="Since when it stands still, because the unit waits for the resident.")
    paused_total_s: int = Field(description="How long it stood still before, in seconds; `due_at` has moved by as much.")
    met_at: datetime | None
    breached_at: datetime | None
    stopped_at: datetime | None = Field(description="When the case ended before this was met or had run out.")


class EscalationOut(Out):
    step: int
    unit_id: UUID
    kind: ClockKind
    notified_at: datetime
    acknowledged_at: datetime | None


class ConfirmationOut(Out):
    resolved: bool
    satisfied: bool | None
    score: int | None


class CaseItem(Out):
    """A case as a list shows it."""

    id: UUID
    state: State
    unit_id: UUID
    opinion_id: UUID | None
    finding_id: UUID | None
    visit_id: UUID | None
    source: CaseSource
    channel: Channel
    protection: Protection
    category: str | None
    title: str
    reopened_count: int
    opened_at: datetime
    updated_at: datetime


class CaseOut(CaseItem):
    """A whole case. Who spoke is not in it, for anybody."""

    body: str | None = Field(description="Null for a visit's finding: its words stay with the visit.")
    outcome: str | None
    refused_count: int
    clocks: list[ClockOut]
    escalations: list[EscalationOut]
    confirmation: ConfirmationOut | None
    reopenable_until: datetime | None
    allowed: list[Verb] = Field(description="What you may do to it now.")


class CaseCounts(Out):
    total: int
    by_state: dict[State, int]


class TimelineEntry(Out):
    at: datetime
    verb: str
    by_role: str
    by_unit_id: UUID | None
    from_state: State | None
    to_state: State
    reason: str | None
    rule: str


class ReaderOut(Out):
    unit_id: UUID
    code: str
    name: str
    why: str
