"""Facts that feedback tells: what became of an opinion. Ids, codes, numbers and times; never a word that somebody wrote.

For an anonymous speaker every time here is the full hour, and the event ids carry no finer one.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.events import v1
from shared.events.envelope import Event


class ClockKind(StrEnum):
    acknowledgement = "acknowledgement"
    first_answer = "first_answer"
    next_answer = "next_answer"
    resolution = "resolution"
    appeal = "appeal"


class EscalationCause(StrEnum):
    """Why a case became visible further up: a clock that ran out, or repeated reopening."""

    acknowledgement = "acknowledgement"
    first_answer = "first_answer"
    next_answer = "next_answer"
    resolution = "resolution"
    appeal = "appeal"
    reopening = "reopening"


class CaseSource(StrEnum):
    opinion = "opinion"
    finding = "finding"
    imported = "imported"


class AttachmentKind(StrEnum):
    image = "image"
    document = "document"


class HoldReason(StrEnum):
    burst = "burst"


class HoldDecision(StrEnum):
    released = "released"
    kept = "kept"


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
    clocks: tuple[v1.ClockSet, ...]


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


class AttachmentAdded(Event, type="massline.feedback.attachment.added.v1", key="case_id"):
    """When: either side attached a picture or a document to a case; `size` in bytes, as it is kept.

    Key: the case. Consumed by webhooks.
    """

    case_id: UUID
    unit_id: UUID
    attachment_id: UUID
    kind: AttachmentKind
    size: int
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

    Key: the case. Consumed by visits.
    """

    case_id: UUID
    unit_id: UUID
    finding_id: UUID | None
    lapsed_at: datetime


class CaseRejected(Event, type="massline.feedback.case.rejected.v1", key="case_id"):
    """When: the unit declined the case, with a reason that the speaker reads; it counts as answered for nothing.

    Key: the case. Consumed by assessment, visits.
    """

    case_id: UUID
    unit_id: UUID
    finding_id: UUID | None
    rejected_at: datetime


class CaseWithdrawn(Event, type="massline.feedback.case.withdrawn.v1", key="case_id"):
    """When: the speaker took the opinion back; nobody owes anything on it any more. Key: the case. Consumed by visits."""

    case_id: UUID
    unit_id: UUID
    withdrawn_at: datetime


class CaseReopened(Event, type="massline.feedback.case.reopened.v1", key="case_id"):
    """When: the speaker did not accept the outcome and the case is owed again, with new clocks.

    `judgement` is that of the newest judgement then (0 where there was none), which does not stand any more.
    Key: the case. Consumed by assessment, visits.
    """

    case_id: UUID
    unit_id: UUID
    judgement: int
    reopened_count: int
    reopened_at: datetime
    clocks: tuple[v1.ClockSet, ...]


class ClockBreached(Event, type="massline.feedback.clock.breached.v1", key="case_id"):
    """When: a deadline of one of the first kinds passed unmet; superseded by v2, which tells every kind and comes with it.

    Key: the case. Consumed by assessment.
    """

    case_id: UUID
    unit_id: UUID
    kind: v1.ClockKind
    due_at: datetime
    breached_at: datetime


class ClockBreachedV2(Event, type="massline.feedback.clock.breached.v2", key="case_id"):
    """When: a deadline passed unmet. Key: the case. Consumed by assessment."""

    case_id: UUID
    unit_id: UUID
    kind: ClockKind
    due_at: datetime
    breached_at: datetime

    def before(self) -> ClockBreached | None:
        kind = v1.KINDS.get(self.kind)
        return None if kind is None else ClockBreached(**{**dict(self), "kind": kind})


class CaseEscalated(Event, type="massline.feedback.case.escalated.v1", key="case_id"):
    """When: a breach made the case visible to a unit above; superseded by v2, which tells every cause and comes with it.

    Key: the case. Consumed by assessment.
    """

    case_id: UUID
    unit_id: UUID
    to_unit_id: UUID
    kind: v1.ClockKind
    step: int
    escalated_at: datetime


class CaseEscalatedV2(Event, type="massline.feedback.case.escalated.v2", key="case_id"):
    """When: a duty was not done, or the case was reopened again and again, so it became visible one unit further up.

    `step` counts within one chain, which is named by `cause` and `round`; responsibility stays below.
    Key: the case. Consumed by assessment.
    """

    case_id: UUID
    unit_id: UUID
    to_unit_id: UUID
    cause: EscalationCause
    round: int
    step: int
    escalated_at: datetime

    def before(self) -> CaseEscalated | None:
        kind = v1.KINDS.get(self.cause)
        facts = {name: value for name, value in self if name not in ("cause", "round")}
        return None if kind is None else CaseEscalated(**facts, kind=kind)


class EscalationAcknowledged(Event, type="massline.feedback.escalation.acknowledged.v1", key="case_id"):
    """When: the unit that a case was escalated to said that it has seen it. Key: the case. Consumed by assessment."""

    case_id: UUID
    unit_id: UUID
    by_unit_id: UUID
    cause: EscalationCause
    round: int
    step: int
    acknowledged_at: datetime


class CaseHandedOver(Event, type="massline.feedback.case.handed-over.v1", key="case_id"):
    """When: another unit (`unit_id`) owes the case from now on; its clocks run on. `handed_over_count` counts from 1.

    Key: the case. Consumed by assessment, visits.
    """

    case_id: UUID
    unit_id: UUID
    finding_id: UUID | None
    from_unit_id: UUID
    handed_over_count: int
    handed_over_at: datetime


class JointUnitInvited(Event, type="massline.feedback.joint-unit.invited.v1", key="case_id"):
    """When: `joint_unit_id` works on the case beside the unit that owes it. Key: the case. Consumed by webhooks."""

    case_id: UUID
    unit_id: UUID
    joint_unit_id: UUID
    invited_at: datetime


class JointUnitLeft(Event, type="massline.feedback.joint-unit.left.v1", key="case_id"):
    """When: a joint unit's part of the case ended. Key: the case. Consumed by webhooks."""

    case_id: UUID
    unit_id: UUID
    joint_unit_id: UUID
    left_at: datetime


class RejectionAppealed(Event, type="massline.feedback.rejection.appealed.v1", key="case_id"):
    """When: the speaker asks the unit above (`to_unit_id`) to look at a rejection again. Key: the case. Consumed by webhooks."""

    case_id: UUID
    unit_id: UUID
    to_unit_id: UUID
    appealed_at: datetime
    clocks: tuple[ClockSet, ...]


class AppealDecided(Event, type="massline.feedback.appeal.decided.v1", key="case_id"):
    """When: the unit above decided an appeal; overturned, the case is owed again with new clocks.

    Key: the case. Consumed by assessment, visits.
    """

    case_id: UUID
    unit_id: UUID
    by_unit_id: UUID
    overturned: bool
    decided_at: datetime
    clocks: tuple[ClockSet, ...]


class CaseMerged(Event, type="massline.feedback.case.merged.v1", key="case_id"):
    """When: the case is about the same matter as `into_case_id` and is answered with it. Key: the case. Consumed by webhooks."""

    case_id: UUID
    unit_id: UUID
    into_case_id: UUID
    merged_at: datetime


class CaseUnmerged(Event, type="massline.feedback.case.unmerged.v1", key="case_id"):
    """When: the case is answered by itself again. Key: the case. Consumed by webhooks."""

    case_id: UUID
    unit_id: UUID
    from_case_id: UUID
    unmerged_at: datetime


class CaseEndorsed(Event, type="massline.feedback.case.endorsed.v1", key="case_id"):
    """When: somebody else has the same concern, or takes that back; `endorsements` counts them then, and names nobody.

    Key: the case. Consumed by webhooks.
    """

    case_id: UUID
    unit_id: UUID
    endorsements: int
    changed_at: datetime


class OpinionAssisted(Event, type="massline.feedback.opinion.assisted.v1", key="case_id"):
    """When: an official of `by_unit_id` wrote an opinion down for a resident, at the counter or on the phone.

    Key: the case. Consumed by webhooks.
    """

    opinion_id: UUID
    case_id: UUID
    unit_id: UUID
    by_unit_id: UUID
    assistance: str
    assisted_at: datetime


class VisitRequested(Event, type="massline.feedback.visit.requested.v1", key="case_id"):
    """When: somebody who asks for help asked to be visited. Key: the case. Consumed by visits."""

    case_id: UUID
    unit_id: UUID
    requested_at: datetime


class LedgerSealed(Event, type="massline.feedback.ledger.sealed.v1", key="ledger_id"):
    """When: the opinions of a day got their tree; `root` and `seal` in hexadecimal, for others to keep.

    Key: this entry of the ledger. Consumed by webhooks.
    """

    ledger_id: UUID
    day: date
    size: int
    root: str
    seal: str


class AuditRecorded(Event, type="massline.feedback.audit.recorded.v1", key="entry_id"):
    """When: an act was written into the audit log; `hash`, in hexadecimal, seals it and all before it, for others to keep.

    Key: the entry. Consumed by webhooks.
    """

    entry_id: UUID
    number: int
    hash: str
    act_code: str
    recorded_at: datetime


class IdentityRequested(Event, type="massline.feedback.identity.requested.v1", key="case_id"):
    """When: `by_unit_id`, which works on the case, asks to know who spoke in it. Key: the case. Consumed by webhooks."""

    request_id: UUID
    case_id: UUID
    unit_id: UUID
    by_unit_id: UUID
    hours: int
    requested_at: datetime


class IdentityRequestDecided(Event, type="massline.feedback.identity-request.decided.v1", key="case_id"):
    """When: a second person, in `by_unit_id` above, approved such a request or rejected it.

    Key: the case. Consumed by webhooks.
    """

    request_id: UUID
    case_id: UUID
    unit_id: UUID
    by_unit_id: UUID
    approved: bool
    decided_at: datetime


class IdentityOpened(Event, type="massline.feedback.identity.opened.v1", key="case_id"):
    """When: who asked was shown who spoke; `number` counts the openings of the request from 1.

    Key: the case. Consumed by webhooks.
    """

    request_id: UUID
    case_id: UUID
    unit_id: UUID
    by_unit_id: UUID
    number: int
    opened_at: datetime


class HoldPlaced(Event, type="massline.feedback.hold.placed.v1", key="hold_id"):
    """When: unusually many opinions came to a unit on a channel; those of these hours are not published before somebody looked.

    `opinions` (in steps of five) came within two hours, where `usual` do. Key: the hold. Consumed by webhooks.
    """

    hold_id: UUID
    unit_id: UUID
    channel: str
    held_from: datetime
    held_until: datetime
    reason: HoldReason
    opinions: int
    usual: float
    placed_at: datetime


class HoldDecided(Event, type="massline.feedback.hold.decided.v1", key="hold_id"):
    """When: somebody above the unit released what was held, or keeps it held. Key: the hold. Consumed by webhooks."""

    hold_id: UUID
    unit_id: UUID
    channel: str
    decision: HoldDecision
    decided_at: datetime


class RetaliationReported(Event, type="massline.feedback.retaliation.reported.v1", key="report_id"):
    """When: a speaker reported retaliation; `unit_id` looks into it. Which case it is stays out, so that nothing outside ties a
    report to an opinion.

    Key: the report. Consumed by webhooks.
    """

    report_id: UUID
    unit_id: UUID
    reported_at: datetime


class RetaliationClimbed(Event, type="massline.feedback.retaliation.climbed.v1", key="report_id"):
    """When: a report was not acknowledged or decided in time, so that `unit_id` looks into it too.

    Key: the report. Consumed by webhooks.
    """

    report_id: UUID
    unit_id: UUID
    climbed_at: datetime


class RetaliationDecided(Event, type="massline.feedback.retaliation.decided.v1", key="report_id"):
    """When: a report was decided; `unit_id` is the unit that was found to have retaliated, null where none was.

    Key: the report. Consumed by assessment.
    """

    report_id: UUID
    unit_id: UUID | None
    substantiated: bool
    decided_at: datetime


class LegalHoldPlaced(Event, type="massline.feedback.legal-hold.placed.v1", key="case_id"):
    """When: a case is kept from being erased, for proceedings; `number` counts its holds from 1.

    Key: the case. Consumed by webhooks.
    """

    case_id: UUID
    unit_id: UUID
    number: int
    placed_at: datetime


class LegalHoldLifted(Event, type="massline.feedback.legal-hold.lifted.v1", key="case_id"):
    """When: such a hold ended. Key: the case. Consumed by webhooks."""

    case_id: UUID
    unit_id: UUID
    number: int
    lifted_at: datetime


class CaseErased(Event, type="massline.feedback.case.erased.v1", key="case_id"):
    """When: what was said in a case that ended long enough ago was erased; the case itself stays, without words.

    Key: the case. Consumed by webhooks.
    """

    case_id: UUID
    unit_id: UUID
    erased_at: datetime


class CaseRedacted(Event, type="massline.feedback.case.redacted.v1", key="case_id"):
    """When: its speaker took a passage out of their words, for good. Key: the case. Consumed by webhooks."""

    case_id: UUID
    unit_id: UUID
    redacted_at: datetime


class DecidedAbout(StrEnum):
    case = "case"
    retaliation_report = "retaliation-report"
    hold = "hold"


class DecisionMade(Event, type="massline.feedback.decision.made.v1", key="decision_id"):
    """When: somebody in the `role`, or without one a rule alone, rejected or closed a case, or decided an appeal, a report of
    retaliation or a hold; told beside the fact itself, with the codes of what was decided, by which rule and for which reason.

    Key: the decision. Consumed by assessment.
    """

    decision_id: UUID
    about: DecidedAbout
    subject_id: UUID
    unit_id: UUID | None
    kind: str
    rule: str
    reason: str
    role: str | None
    by_unit_id: UUID | None
    decided_at: datetime
