"""What goes in and out of the case routes."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from services.feedback.cases.rules import Assistance, Channel, Decision, Kind, Part, Protection, Side, State, Verb
from shared.events.feedback import CaseSource, ClockKind, EscalationCause
from shared.types import In, Line, Out, Score
from shared.working_time import SpanUnit


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
    round: int
    started_at: datetime
    due_at: datetime
    counted_in: SpanUnit = Field(description="What its span is measured in, by the calendar of the case's policy.")
    paused_at: datetime | None = Field(description="Since when it stands still, because the unit waits for the resident.")
    paused_total_s: int = Field(description="How long it stood still before, in seconds; as much was left after it as before.")
    met_at: datetime | None
    breached_at: datetime | None
    stopped_at: datetime | None = Field(description="When the case ended before this was met.")


class EscalationOut(Out):
    """One step of a chain: `cause` and `round` name the chain, `step` counts in it."""

    id: UUID
    cause: EscalationCause
    round: int
    step: int
    unit_id: UUID
    notified_at: datetime
    acknowledged_at: datetime | None


class ChainOut(Out):
    """A chain that goes on: at `next_at` the next unit above is told, unless the duty is done before."""

    cause: EscalationCause
    round: int
    next_step: int
    next_at: datetime


class ConfirmationOut(Out):
    resolved: bool
    satisfied: bool | None
    score: int | None


class CaseUnitOut(Out):
    unit_id: UUID
    part: Part
    since: datetime


class OwnerOut(Out):
    """A unit that owes the case, or owed it; `reason` is why it was handed over to it."""

    unit_id: UUID
    name: str | None = Field(description="Null for a unit that is not there any more.")
    since: datetime
    until: datetime | None
    reason: str | None


class RejectionOut(Out):
    reason: str
    at: datetime


class AppealOut(Out):
    """What the speaker asked of the unit above, and what that decided."""

    number: int
    unit_id: UUID
    reason: str
    appealed_at: datetime
    decision: Decision | None
    decision_reason: str | None
    decided_at: datetime | None


class LegalHoldOut(Out):
    """The case is kept from being erased, for proceedings, until that is lifted."""

    placed_at: datetime
    motive: str
    lifted_at: datetime | None
    lift_reason: str | None


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
    kind: Kind | None
    protection: Protection
    category: str | None
    place: str | None
    latitude: float | None
    longitude: float | None
    shared: bool = Field(description="Whether others may read its words and endorse it.")
    assistance: Assistance | None = Field(description="How it came in, where an official wrote it down for the speaker.")
    title: str
    merged_into: UUID | None = Field(description="The case that this one is answered with; not told to its speaker.")
    endorsement_count: int
    attachment_count: int
    last_said_by: Side | None
    unread: int = Field(description="Messages that your side has not seen.")
    reopened_count: int
    opened_at: datetime
    updated_at: datetime
    next_due_at: datetime | None = Field(description="When the first is due of what is owed now; past when it is late.")


class SpeakerOut(Out):
    """Who spoke, as far as you may see it."""

    masked: bool
    name: str | None
    contact: str | None
    given: list[Literal["name", "contact"]] = Field(description="What the speaker gave, masked or not.")


class CaseOut(CaseItem):
    """A whole case. The account of its speaker is not in it, for anybody."""

    status: str = Field(description="How it stands, in plain words of the language that `Accept-Language` prefers: `en` or `zh`.")
    held: str | None = Field(
        description="Why others are not shown it for now, though its speaker may want it: unusually much came at once. See GET "
        "/v1/holds."
    )
    body: str | None = Field(description="Null for a visit's finding: its words stay with the visit.")
    attributes: dict[str, Any] | None
    wants_visit: bool
    assisted_by_unit_id: UUID | None
    speaker: SpeakerOut | None = Field(
        description="Null if the speaker gave no name. Unmasked for the speaker; and where it was given by name, for those who "
        "handle the case and the leads and inspectors above. For the others see POST /v1/cases/{case_id}/identity-requests."
    )
    outcome: str | None
    refused_count: int
    policy_version: str = Field(
        description="What the case was opened under, for good: its policy's label and, after each +, that of a unit's supplement."
    )
    calendar_version: int | None = Field(description="The version of that policy's working calendar.")
    owners: list[OwnerOut] = Field(description="Who owes it and who owed it, in order; the last one must answer.")
    handed_over_count: int
    units: list[CaseUnitOut] = Field(description="Who reads it without owing it.")
    merged: bool = Field(description="Whether it is answered together with another.")
    clocks: list[ClockOut]
    escalations: list[EscalationOut]
    chains: list[ChainOut]
    confirmation: ConfirmationOut | None
    judge_until: datetime | None = Field(description="Until when the answer waits for the speaker's judgement.")
    reopenable_until: datetime | None
    rejection: RejectionOut | None = Field(description="Why it was rejected, while it is.")
    appealable_until: datetime | None
    appeal: AppealOut | None = Field(description="The newest appeal.")
    appeal_unit_id: UUID | None = Field(description="The unit that an appeal waits for.")
    access_until: datetime | None = Field(
        description="Its receipt opens it until then at least; null while it is open. Promised when it ended, for good."
    )
    words_until: datetime | None = Field(description="What was said in it is kept until then at least; the same.")
    legal_hold: LegalHoldOut | None = Field(description="The newest.")
    erased_at: datetime | None = Field(description="The hour since which nothing is left of what was said in it.")
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
    reason: str | None = Field(description="In the words of who acted; of an escalation, in the language asked for.")
    rule: str


class ReaderOut(Out):
    unit_id: UUID
    code: str
    name: str
    why: str
    without: list[str] = Field(description="Posts of the unit, as roles, that do not read it, because it is about them.")
