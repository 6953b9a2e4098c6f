"""Facts that visits tells: what was planned, what was done, what was found. Never whom or where, and never the words of it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from shared.events.envelope import Event


class CancelCause(StrEnum):
    """Why a visit was taken off the calendar before it could be made."""

    plan_changed = "plan_changed"
    plan_suspended = "plan_suspended"
    plan_ended = "plan_ended"
    contact_refused = "contact_refused"
    contact_suspended = "contact_suspended"
    contact_ended = "contact_ended"


class VisitEffect(StrEnum):
    """What was learned or done by a visit, so that it counts."""

    finding = "finding"
    case = "case"
    answer = "answer"
    confirmation = "confirmation"


class VisitPlanned(Event, type="massline.visits.visit.planned.v1", key="visit_id"):
    """When: a plan put a visit on the calendar. Key: the visit. Consumed by assessment."""

    visit_id: UUID
    plan_id: UUID
    unit_id: UUID
    window_starts_at: datetime
    window_ends_at: datetime


class VisitRecorded(Event, type="massline.visits.visit.recorded.v1", key="visit_id"):
    """When: a visit was recorded; `outcome` is its new state: done, done_late, cancelled or refused_by_resident.

    `late`: made, or entered, after its window; honest, and to be counted apart. A refusal counts against nobody. It may follow
    `VisitMissed`, which it then corrects. Key: the visit. Consumed by assessment, visits.
    """

    visit_id: UUID
    plan_id: UUID
    unit_id: UUID
    outcome: str
    occurred_at: datetime
    recorded_at: datetime
    late: bool
    findings: int


class VisitMissed(Event, type="massline.visits.visit.missed.v1", key="visit_id"):
    """When: the window of a visit ended and nothing was recorded; a late record may still follow.

    Key: the visit. Consumed by assessment, visits.
    """

    visit_id: UUID
    plan_id: UUID
    unit_id: UUID
    window_ends_at: datetime
    missed_at: datetime


class FindingReported(Event, type="massline.visits.finding.reported.v1", key="finding_id"):
    """When: a visit found a difficulty. Its words stay in visits. Key: the finding. Consumed by feedback, which opens a case.

    `sponsor_id` is the visitor's account: an official, who follows the finding and cannot confirm it.
    """

    finding_id: UUID
    visit_id: UUID
    unit_id: UUID
    category: str
    sponsor_id: UUID
    reported_at: datetime


class VisitCancelled(Event, type="massline.visits.visit.cancelled.v1", key="visit_id"):
    """When: a planned visit was taken off the calendar before its window opened.

    Key: the visit. Consumed by assessment, visits.
    """

    visit_id: UUID
    plan_id: UUID
    unit_id: UUID
    cause: CancelCause
    cancelled_at: datetime


class VisitCounted(Event, type="massline.visits.visit.counted.v1", key="visit_id"):
    """When: something was learned or done by a visit, so that from now on it counts; told once.

    Key: the visit. Consumed by assessment.
    """

    visit_id: UUID
    plan_id: UUID
    unit_id: UUID
    by: VisitEffect
    occurred_at: datetime
    counted_at: datetime


class FindingSponsorChanged(Event, type="massline.visits.finding-sponsor.changed.v1", key="finding_id"):
    """When: the post of the visitor was handed over, and with it the duty to see the finding through. Key: the finding.

    Consumed by feedback.
    """

    finding_id: UUID
    unit_id: UUID
    sponsor_id: UUID
    changed_at: datetime


class ActivityPlanned(Event, type="massline.visits.activity.planned.v1", key="activity_id"):
    """When: an activity was planned; `linked`: it answers to a need. Key: the activity. Consumed by assessment."""

    activity_id: UUID
    unit_id: UUID
    kind: str
    linked: bool
    starts_at: datetime
    planned_at: datetime


class ActivityNeedLinked(Event, type="massline.visits.activity-need.linked.v1", key="activity_id"):
    """When: a need was linked to an activity after it was planned. Which need is not told. Key: the activity.

    Consumed by webhooks.
    """

    activity_id: UUID
    unit_id: UUID
    kind: str
    linked_at: datetime


class ActivityHeld(Event, type="massline.visits.activity.held.v1", key="activity_id"):
    """When: an activity was recorded as held. People and turns to speak are counted by side; `needs`: how many it answered to.

    Key: the activity. Consumed by assessment.
    """

    activity_id: UUID
    unit_id: UUID
    kind: str
    officials: int
    residents: int
    official_turns: int
    resident_turns: int
    needs: int
    recorded_at: datetime


class ActivityCancelled(Event, type="massline.visits.activity.cancelled.v1", key="activity_id"):
    """When: an activity was cancelled before it was held. Key: the activity. Consumed by webhooks."""

    activity_id: UUID
    unit_id: UUID
    cancelled_at: datetime


class PromiseMade(Event, type="massline.visits.promise.made.v1", key="promise_id"):
    """When: a visitor promised something, to be done by the end of `due_on`. Key: the promise. Consumed by webhooks."""

    promise_id: UUID
    visit_id: UUID
    unit_id: UUID
    due_on: date
    made_at: datetime


class PromiseKept(Event, type="massline.visits.promise.kept.v1", key="promise_id"):
    """When: what was promised was said to be done. Key: the promise. Consumed by assessment and webhooks."""

    promise_id: UUID
    visit_id: UUID
    unit_id: UUID
    due_on: date
    kept_at: datetime
    in_time: bool


class PromiseWithdrawn(Event, type="massline.visits.promise.withdrawn.v1", key="promise_id"):
    """When: a promise was taken back, with a reason that stays in visits.

    Key: the promise. Consumed by assessment and webhooks.
    """

    promise_id: UUID
    visit_id: UUID
    unit_id: UUID
    withdrawn_at: datetime


class PromiseBroken(Event, type="massline.visits.promise.broken.v1", key="promise_id"):
    """When: the day of a promise passed and it was not kept; told once, and it may still be kept late.

    Key: the promise. Consumed by assessment and webhooks.
    """

    promise_id: UUID
    visit_id: UUID
    unit_id: UUID
    due_on: date
    broken_at: datetime


class CallBackFinished(Event, type="massline.visits.call-back.finished.v1", key="call_back_id"):
    """When: every visit of a call-back sample has its result. Which visit had which is told nowhere; `took_place` and
    `did_not_take_place` are null where fewer than five residents said either.

    Key: the call-back. Consumed by webhooks.
    """

    call_back_id: UUID
    unit_id: UUID
    visits: int
    took_place: int | None
    did_not_take_place: int | None
    finished_at: datetime


class VisitReminded(Event, type="massline.visits.visit.reminded.v1", key="visit_id"):
    """When: the window of an unrecorded visit ends soon: a quarter of it is left, at most two days; told once.

    Key: the visit. Consumed by webhooks.
    """

    visit_id: UUID
    plan_id: UUID
    unit_id: UUID
    window_ends_at: datetime
    reminded_at: datetime


class VisitRequestAnswered(Event, type="massline.visits.visit-request.answered.v1", key="case_id"):
    """When: somebody who asked to be visited was (`visited`), was told why not (`declined`), or did not want it any more when
    the visitor came (`declined_by_resident`, which counts against nobody).

    `in_time`: within fourteen days of asking. Key: the case. Consumed by webhooks.
    """

    case_id: UUID
    unit_id: UUID
    outcome: str
    in_time: bool
    answered_at: datetime


class VisitProposalAccepted(Event, type="massline.visits.visit-proposal.accepted.v1", key="proposal_id"):
    """When: every contact of an accepted proposal has its post and its visits; `contacts` were given to `posts`.

    Contacts that had changed before their turn came are not counted. Key: the proposal. Consumed by webhooks.
    """

    proposal_id: UUID
    unit_id: UUID
    contacts: int
    posts: int
    accepted_at: datetime


class ResearchStarted(Event, type="massline.visits.research.started.v1", key="project_id"):
    """When: a research project began; `follow_up_on`: when it is to be measured whether anything changed. Key: the project.

    Consumed by webhooks.
    """

    project_id: UUID
    unit_id: UUID
    method: str
    starts_on: date
    ends_on: date
    follow_up_on: date
    started_at: datetime


class FieldDayRecorded(Event, type="massline.visits.field-day.recorded.v1", key="project_id"):
    """When: hours were entered that the leader of a research project spent in the field on a day. Key: the project.

    Consumed by webhooks.
    """

    project_id: UUID
    unit_id: UUID
    on: date
    hours: float
    recorded_at: datetime


class ResearchStopped(Event, type="massline.visits.research.stopped.v1", key="project_id"):
    """When: a research project was given up before it reported. Key: the project. Consumed by webhooks."""

    project_id: UUID
    unit_id: UUID
    stopped_at: datetime


class ResearchReported(Event, type="massline.visits.research.reported.v1", key="project_id"):
    """When: a research project reported; how much it found and recommends. Key: the project. Consumed by webhooks."""

    project_id: UUID
    unit_id: UUID
    results: int
    recommendations: int
    reported_at: datetime


class RecommendationMade(Event, type="massline.visits.recommendation.made.v1", key="project_id"):
    """When: a research project reported, and recommends something to the unit `addressed_unit_id`. Key: the project.

    Consumed by webhooks.
    """

    recommendation_id: UUID
    project_id: UUID
    unit_id: UUID
    addressed_unit_id: UUID
    made_at: datetime


class RecommendationAnswered(Event, type="massline.visits.recommendation.answered.v1", key="project_id"):
    """When: the unit `addressed_unit_id` adopted or declined a recommendation; `by_when` of what was adopted. Key: the project.

    Consumed by webhooks.
    """

    recommendation_id: UUID
    project_id: UUID
    unit_id: UUID
    addressed_unit_id: UUID
    adopted: bool
    by_when: date | None
    answered_at: datetime


class ResearchFollowedUp(Event, type="massline.visits.research.followed-up.v1", key="project_id"):
    """When: it was measured again what research had found, after its recommendations were answered. Key: the project.

    Consumed by webhooks.
    """

    project_id: UUID
    unit_id: UUID
    indicator: str
    value_before: float
    value_after: float
    measured_on: date
    followed_up_at: datetime


class PostHandedOver(Event, type="massline.visits.post.handed-over.v1", key="post_id"):
    """When: a post got another holder, who keeps its contacts, makes its visits, owes what was promised and sees its findings
    through from now on.

    Key: the post. Consumed by webhooks.
    """

    post_id: UUID
    unit_id: UUID
    holder_id: UUID
    handed_over_at: datetime
