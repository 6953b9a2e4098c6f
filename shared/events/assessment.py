"""Facts that assessment tells: the tree of units, the rules for cases, and how units are graded."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from shared.events.envelope import Event
from shared.policies import CaseRules, Channel, SupplementRules
from shared.practices import PracticeRules, RetentionTerms
from shared.types import Level
from shared.working_time import Week, WorkingDate


class UnitRegistered(Event, type="massline.assessment.unit.registered.v1", key="unit_id", topic="massline.assessment.units"):
    """When: a unit was registered or changed; always its whole state, so that the compacted topic holds the tree.

    Key: the unit. Consumed by feedback, visits and gateway, which keep a projection.
    """

    unit_id: UUID
    parent_id: UUID | None
    code: str
    name: str
    level: Level
    path: str
    version: int


class CampaignStarted(Event, type="massline.assessment.campaign.started.v1", key="campaign_id"):
    """When: a campaign began to measure units against its standard. Key: the campaign. Consumed by webhooks."""

    campaign_id: UUID
    standard_id: UUID
    unit_id: UUID
    starts_at: datetime
    ends_at: datetime


class WorkingCalendarRegistered(
    Event,
    type="massline.assessment.working-calendar.registered.v1",
    key="working_calendar_id",
    topic="massline.assessment.policies",
):
    """When: a version of a working calendar was registered; it is never changed, so the compacted topic holds all of them.

    Key: the version. Consumed by feedback, which keeps a projection.
    """

    working_calendar_id: UUID
    calendar_code: str
    version: int
    time_zone_code: str
    weekly: Week
    holidays: tuple[date, ...]
    working_dates: tuple[WorkingDate, ...]
    registered_at: datetime


class PolicyRegistered(
    Event,
    type="massline.assessment.policy.registered.v1",
    key="policy_id",
    topic="massline.assessment.policies",
):
    """When: a version of a case policy was registered; it is never changed, so the compacted topic holds all of them.

    Key: the version. Consumed by feedback, which keeps a projection.
    """

    policy_id: UUID
    policy_code: str
    version: int
    level: Level | None
    channel: Channel | None
    effective_from: datetime
    rules: CaseRules
    registered_at: datetime


class GradedAs(StrEnum):
    not_graded = "not_graded"
    unqualified = "unqualified"
    qualified = "qualified"
    excellent = "excellent"


class GradePublished(Event, type="massline.assessment.grade.published.v1", key="unit_id"):
    """When: the second of two persons outside a unit's chain signed its grade; `supersedes_id` is the grade that it takes the
    place of. Key: the unit. Consumed by webhooks.
    """

    grade_id: UUID
    unit_id: UUID
    campaign_id: UUID
    standard_id: UUID
    value: GradedAs
    supersedes_id: UUID | None
    published_at: datetime
    objectable_until: datetime
    valid_until: datetime


class GradeExpired(Event, type="massline.assessment.grade.expired.v1", key="unit_id"):
    """When: the term of a unit's grade ended and no newer one had taken its place. Key: the unit. Consumed by webhooks."""

    grade_id: UUID
    unit_id: UUID
    expired_at: datetime


class ObjectionDelayed(Event, type="massline.assessment.objection.delayed.v1", key="objection_id"):
    """When: a unit's objection to its grade was not decided in time; `to_unit_id` is the unit above it, if there is one.

    Key: the objection. Consumed by webhooks.
    """

    objection_id: UUID
    grade_id: UUID
    unit_id: UUID
    to_unit_id: UUID | None
    due_at: datetime


class UpgradePlanDelayed(Event, type="massline.assessment.upgrade-plan.delayed.v1", key="unit_id"):
    """When: a unit whose grade is unqualified had made no plan by the end of its term; `to_unit_id` is the unit above it, if
    there is one. Key: the unit. Consumed by webhooks.
    """

    grade_id: UUID
    unit_id: UUID
    to_unit_id: UUID | None
    due_at: datetime


class PolicySupplementRegistered(
    Event,
    type="massline.assessment.policy-supplement.registered.v1",
    key="supplement_id",
    topic="massline.assessment.policies",
):
    """When: a unit asked more of its subtree than the policies do, or ended that; a version is never changed, so the compacted
    topic holds all of them.

    Key: the version. Consumed by feedback, which keeps a projection.
    """

    supplement_id: UUID
    supplement_code: str
    version: int
    unit_id: UUID
    channel: Channel | None
    effective_from: datetime
    ends: bool
    rules: SupplementRules
    registered_at: datetime


class PracticePolicyRegistered(
    Event,
    type="massline.assessment.practice-policy.registered.v1",
    key="practice_policy_id",
    topic="massline.assessment.policies",
):
    """When: a version of a policy on visits, inspections or grades was registered; it is never changed, so the compacted topic
    holds all of them.

    Key: the version. Consumed by visits, which keeps a projection.
    """

    practice_policy_id: UUID
    policy_code: str
    version: int
    level: Level | None
    effective_from: datetime
    rules: PracticeRules
    registered_at: datetime


class CampaignStartedV2(Event, type="massline.assessment.campaign.started.v2", key="campaign_id"):
    """When: a campaign began to measure units against its standard; without `unit_id` every unit. Key: the campaign. Consumed by
    webhooks.
    """

    campaign_id: UUID
    standard_id: UUID
    unit_id: UUID | None
    starts_at: datetime
    ends_at: datetime

    def before(self) -> CampaignStarted | None:
        return None if self.unit_id is None else CampaignStarted(**dict(self))


class UnitExcluded(Event, type="massline.assessment.unit.excluded.v1", key="campaign_id"):
    """When: a unit, or it `with_subtree`, was left out of a campaign, by somebody above it and for a public reason.

    Key: the campaign. Consumed by webhooks.
    """

    exclusion_id: UUID
    campaign_id: UUID
    unit_id: UUID
    with_subtree: bool
    reason: str
    rule: str
    excluded_at: datetime


class ExclusionLifted(Event, type="massline.assessment.exclusion.lifted.v1", key="campaign_id"):
    """When: a campaign measures a unit again that it left out. Key: the campaign. Consumed by webhooks."""

    exclusion_id: UUID
    campaign_id: UUID
    unit_id: UUID
    lifted_at: datetime


class StageEntered(Event, type="massline.assessment.stage.entered.v1", key="unit_id"):
    """When: the evidence of a unit moved it on to stage `number` of a campaign, counted from 1; without `stage_code` it has left
    the last one. Key: the unit. Consumed by webhooks.
    """

    campaign_id: UUID
    unit_id: UUID
    stage_code: str | None
    number: int
    entered_at: datetime


class OverdueCause(StrEnum):
    """What of a task is overdue."""

    acknowledgement = "acknowledgement"
    work = "work"


class DirectiveIssued(Event, type="massline.assessment.directive.issued.v1", key="directive_id"):
    """When: a unit issued a directive; the tasks of the units below it follow. Key: the directive. Consumed by webhooks."""

    directive_id: UUID
    directive_code: str
    unit_id: UUID
    campaign_id: UUID | None
    acknowledge_by: datetime
    due_at: datetime | None
    issued_at: datetime


class TaskAcknowledged(Event, type="massline.assessment.task.acknowledged.v1", key="task_id"):
    """When: a unit said that it has seen what a directive asks of it. Key: the task. Consumed by webhooks."""

    task_id: UUID
    directive_id: UUID
    unit_id: UUID
    acknowledged_at: datetime
    in_time: bool


class TaskDone(Event, type="massline.assessment.task.done.v1", key="task_id"):
    """When: a unit reported its task done, with so many pieces of `evidence`; again, when it had been sent back. `in_time` is
    null where there was no time. Key: the task. Consumed by webhooks.
    """

    task_id: UUID
    directive_id: UUID
    unit_id: UUID
    evidence: int
    done_at: datetime
    in_time: bool | None


class TaskEscalated(Event, type="massline.assessment.task.escalated.v1", key="task_id"):
    """When: an overdue task became visible one unit further up; it is owed by `unit_id` all the same. `step` counts over the
    whole life of the task. Key: the task. Consumed by webhooks.
    """

    task_id: UUID
    directive_id: UUID
    unit_id: UUID
    to_unit_id: UUID
    cause: OverdueCause
    step: int
    escalated_at: datetime


class OutcomeRecorded(Event, type="massline.assessment.outcome.recorded.v1", key="outcome_id"):
    """When: a unit said what is to change for people, and by when; `needs`: how many needs it answers to. Key: the outcome.

    Consumed by webhooks.
    """

    outcome_id: UUID
    unit_id: UUID
    campaign_id: UUID | None
    baseline: float
    baseline_on: date
    target: float
    target_on: date
    needs: int
    recorded_at: datetime


class OutcomeMeasured(Event, type="massline.assessment.outcome.measured.v1", key="outcome_id"):
    """When: it was measured how far an outcome has come; `evidence`: how many references show it. Key: the outcome.

    Consumed by webhooks.
    """

    outcome_id: UUID
    unit_id: UUID
    measurement_id: UUID
    value: float
    measured_on: date
    evidence: int
    recorded_at: datetime


class OutcomeReached(Event, type="massline.assessment.outcome.reached.v1", key="outcome_id"):
    """When: a measurement reached the target of an outcome for the first time; whether residents notice it is another matter.

    Key: the outcome. Consumed by webhooks.
    """

    outcome_id: UUID
    unit_id: UUID
    value: float
    reached_at: datetime


class BulkClosingSuspected(Event, type="massline.assessment.bulk-closing.suspected.v1", key="alarm_id"):
    """When: a unit answered or rejected unusually many cases on a day, `busiest` being what the busiest usual day has; told once,
    also where it goes on on the days after. Key: the alarm.

    Consumed by webhooks.
    """

    alarm_id: UUID
    unit_id: UUID
    day: date
    closings: int
    busiest: int
    raised_at: datetime


class StandardDrafted(Event, type="massline.assessment.standard.drafted.v1", key="standard_id"):
    """When: a version of a standard was opened to residents' comments, until `comments_until`. Key: the version.

    Consumed by webhooks.
    """

    standard_id: UUID
    standard_code: str
    version: int
    level: Level | None
    criteria: int
    comments_until: datetime
    drafted_at: datetime


class StandardActivated(Event, type="massline.assessment.standard.activated.v1", key="standard_id"):
    """When: a version of a standard took the place of `supersedes_id`, after its comments were answered. Key: the version.

    Consumed by webhooks.
    """

    standard_id: UUID
    standard_code: str
    version: int
    supersedes_id: UUID | None
    changes: int
    activated_at: datetime


class StandardWithdrawn(Event, type="massline.assessment.standard.withdrawn.v1", key="standard_id"):
    """When: a draft of a standard was given up. Key: the version. Consumed by webhooks."""

    standard_id: UUID
    standard_code: str
    version: int
    withdrawn_at: datetime


class Terrain(StrEnum):
    """On what ground a unit's people live."""

    plain = "plain"
    hills = "hills"
    mountains = "mountains"
    islands = "islands"
    city = "city"


class UnitProfileDeclared(Event, type="massline.assessment.unit-profile.declared.v1", key="unit_id"):
    """When: an administrator or a unit's lead declared what the unit is like; of one day the highest `version` counts.

    Key: the unit. Consumed by webhooks.
    """

    unit_id: UUID
    version: int
    population: int
    staff: int
    terrain: Terrain
    as_of: date
    declared_at: datetime


class Part(StrEnum):
    """Of an assessment, what people give: a unit's own, and inspectors from outside its chain of units."""

    self = "self"
    inspector = "inspector"


class ScoreGiven(Event, type="massline.assessment.score.given.v1", key="score_id"):
    """When: somebody scored a unit by a criterion, 0 to 100 points; `overtaken_id` is the score that it takes the place of.

    Key: the score. Consumed by webhooks.
    """

    score_id: UUID
    campaign_id: UUID
    unit_id: UUID
    criterion_code: str
    part: Part
    points: int
    overtaken_id: UUID | None
    given_at: datetime


class ScoreWithdrawn(Event, type="massline.assessment.score.withdrawn.v1", key="score_id"):
    """When: whoever gave a score took it back. Key: the score. Consumed by webhooks."""

    score_id: UUID
    campaign_id: UUID
    unit_id: UUID
    withdrawn_at: datetime


class RetentionPolicyRegistered(
    Event,
    type="massline.assessment.retention-policy.registered.v1",
    key="retention_policy_id",
    topic="massline.assessment.policies",
):
    """When: a version of the policy on how long ended cases are kept was registered; it is never changed, so the compacted topic
    holds all of them.

    Key: the version. Consumed by feedback, which keeps a projection.
    """

    retention_policy_id: UUID
    policy_code: str
    version: int
    level: Level | None
    effective_from: datetime
    rules: RetentionTerms
    registered_at: datetime


class EvidenceAuditStarted(Event, type="massline.assessment.evidence-audit.started.v1", key="audit_id"):
    """When: an audit of the evidence behind a campaign's grades was asked for, of `size` pieces of each of so many `units`; told
    with the seed that draws them, before anybody knows what that is. Key: the audit. Consumed by webhooks.
    """

    audit_id: UUID
    campaign_id: UUID
    unit_id: UUID | None
    units: int
    size: int
    seed: UUID
    due_at: datetime
    started_at: datetime


class EvidenceAudited(Event, type="massline.assessment.evidence.audited.v1", key="unit_id"):
    """When: every piece of evidence that an audit drew of a unit was checked; again, when one of them was looked at once more.

    Key: the unit. Consumed by webhooks.
    """

    audit_id: UUID
    campaign_id: UUID
    unit_id: UUID
    drawn: int
    upheld: int
    not_supported: int
    cannot_be_checked: int
    audited_at: datetime
