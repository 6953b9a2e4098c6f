"""Facts that feedback tells: what became of an opinion. Ids, codes, numbers and times; never a word that somebody wrote.

For an anonymous speaker every time here is the full hour, and the event ids carry no finer one.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.events.envelope import Event


class ClockKind(StrEnum):
    acknowledgement = "acknowledgement"
    first_answer = "first_answer"
    resolution = "resolution"


class CaseSource(StrEnum):
    opinion = "opinion"
    finding = "finding"
    imported = "imported"


class ClockSet(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: ClockKind
    due_at: datetime


class OpinionSubmitted(Event, type="massline.feedback.opinion.submitted.v1", key="case_id"):
    """When: a resident spoke. Key: the case. Consumed by webhooks."""

    opinion_id: UUID
    case_id: UUID
    unit_id: UUID
    channel: str
    protection: str
    category: str | None
    submitted_at: datetime


class CaseOpened(Event, type="massline.feedback.case.opened.v1", key="case_id"):
    """When: a unit owes work on an opinion or on a visit's finding. Key: the case. Consumed by assessment, visits."""

    case_id: UUID
    unit_id: UUID
    source: CaseSource
    opinion_id: UUID | None
    finding_id: UUID | None
    visit_id: UUID | None
    channel: str
    category: str | None
    opened_at: datetime
    clocks: tuple[ClockSet, ...]


class CaseAcknowledged(Event, type="massline.feedback.case.acknowledged.v1", key="case_id"):
    """When: the unit said that it has the case. Key: the case. Consumed by assessment."""

    case_id: UUID
    unit_id: UUID
    acknowledged_at: datetime
    in_time: bool


class CaseAnswered(Event, type="massline.feedback.case.answered.v1", key="case_id"):
    """When: the unit answered; `first` for the first answer, which meets the first-answer clock.

    Key: the case. Consumed by assessment, visits.
    """

    case_id: UUID
    unit_id: UUID
    finding_id: UUID | None
    answered_at: datetime
    first: bool
    in_time: bool


class CaseQuestionAsked(Event, type="massline.feedback.case-question.asked.v1", key="case_id"):
    """When: the unit needs to hear more from the speaker and waits; its first-answer and resolution clocks stand still meanwhile.

    Key: the case. Consumed by webhooks.
    """

    case_id: UUID
    unit_id: UUID
    message_id: UUID
    asked_at: datetime


class CaseMessageAdded(Event, type="massline.feedback.case-message.added.v1", key="case_id"):
    """When: either side spoke again in a case; the speaker's word ends the wait after a question.

    Key: the case. Consumed by webhooks.
    """

    case_id: UUID
    unit_id: UUID
    message_id: UUID
    by_unit: bool
    added_at: datetime


class CaseConfirmed(Event, type="massline.feedback.case.confirmed.v1", key="case_id"):
    """When: the speaker judged the outcome: `resolved` says whether anything changed, `satisfied` and `score` (1 to 5) rate it.

    `judgement` counts the judgements of the case from 1: a later one replaces the earlier, also within the same hour.
    Key: the case. Consumed by assessment, visits.
    """

    case_id: UUID
    unit_id: UUID
    finding_id: UUID | None
    judgement: int
    resolved: bool
    satisfied: bool | None
    score: int | None
    confirmed_at: datetime


class CaseLapsed(Event, type="massline.feedback.case.lapsed.v1", key="case_id"):
    """When: the speaker did not judge the answer in time, so the case was closed unconfirmed; it says nothing about the outcome.

    Key: the case. Consumed by webhooks.
    """

    case_id: UUID
    unit_id: UUID
    finding_id: UUID | None
    lapsed_at: datetime


class CaseRejected(Event, type="massline.feedback.case.rejected.v1", key="case_id"):
    """When: the unit declined the case, with a reason that the speaker reads; it counts as answered for nothing.

    Key: the case. Consumed by visits.
    """

    case_id: UUID
    unit_id: UUID
    finding_id: UUID | None
    rejected_at: datetime


class CaseWithdrawn(Event, type="massline.feedback.case.withdrawn.v1", key="case_id"):
    """When: the speaker took the opinion back; nobody owes anything on it any more. Key: the case. Consumed by webhooks."""

    case_id: UUID
    unit_id: UUID
    withdrawn_at: datetime


class CaseReopened(Event, type="massline.feedback.case.reopened.v1", key="case_id"):
    """When: the speaker did not accept the outcome and the case is owed again, with new clocks.

    `judgement` is that of the newest judgement then (0 where there was none), which does not stand any more.
    Key: the case. Consumed by assessment.
    """

    case_id: UUID
    unit_id: UUID
    judgement: int
    reopened_count: int
    reopened_at: datetime
    clocks: tuple[ClockSet, ...]


class ClockBreached(Event, type="massline.feedback.clock.breached.v1", key="case_id"):
    """When: a deadline passed unmet. Key: the case. Consumed by assessment."""

    case_id: UUID
    unit_id: UUID
    kind: ClockKind
    due_at: datetime
    breached_at: datetime


class CaseEscalated(Event, type="massline.feedback.case.escalated.v1", key="case_id"):
    """When: a breach made the case visible to the unit above; responsibility stays below.

    Key: the case. Consumed by assessment.
    """

    case_id: UUID
    unit_id: UUID
    to_unit_id: UUID
    kind: ClockKind
    step: int
    escalated_at: datetime
