"""Every table of this service, imported so that `metadata` is complete: what migrations compare the database with."""

from services.assessment.alarms.models import Alarm, Closing
from services.assessment.audits.models import AuditedItem, AuditedUnit, EvidenceAudit
from services.assessment.campaigns.models import Campaign, Exclusion
from services.assessment.case_call_backs.models import CalledCase, CaseCallBack
from services.assessment.comments.models import Comment
from services.assessment.decisions.models import Decision
from services.assessment.directives.models import Directive, Task, TaskNote, TaskStep
from services.assessment.dry_runs.models import DryRun
from services.assessment.grades.models import GradeRun, GradeSignature, UnitGrade
from services.assessment.indicators.models import (
    AnswerEvidence,
    CaseEvidence,
    PromiseEvidence,
    RetaliationEvidence,
    VisitEvidence,
)
from services.assessment.objections.models import Objection
from services.assessment.outcomes.models import Outcome, OutcomeMeasurement, OutcomeVoice
from services.assessment.policies.models import Policy
from services.assessment.practices.models import PracticeVersion
from services.assessment.priorities.models import KnownActivity, Priority, PriorityTag
from services.assessment.profiles.models import UnitProfile
from services.assessment.scores.models import Score
from services.assessment.simulations.models import ClockEvidence
from services.assessment.stages.models import RollOut, Stage, StageMove, Standing
from services.assessment.standards.models import Standard
from services.assessment.supplements.models import PolicySupplement
from services.assessment.tables import metadata
from services.assessment.units.models import Unit
from services.assessment.upgrade_plans.models import UpgradeAction, UpgradePlan
from services.assessment.working_calendars.models import WorkingCalendar

__all__ = [
    "Alarm",
    "AnswerEvidence",
    "AuditedItem",
    "AuditedUnit",
    "CalledCase",
    "Campaign",
    "CaseCallBack",
    "CaseEvidence",
    "ClockEvidence",
    "Closing",
    "Comment",
    "Decision",
    "Directive",
    "DryRun",
    "EvidenceAudit",
    "Exclusion",
    "GradeRun",
    "GradeSignature",
    "KnownActivity",
    "Objection",
    "Outcome",
    "OutcomeMeasurement",
    "OutcomeVoice",
    "Policy",
    "PolicySupplement",
    "PracticeVersion",
    "Priority",
    "PriorityTag",
    "PromiseEvidence",
    "RetaliationEvidence",
    "RollOut",
    "Score",
    "Stage",
    "StageMove",
    "Standard",
    "Standing",
    "Task",
    "TaskNote",
    "TaskStep",
    "Unit",
    "UnitGrade",
    "UnitProfile",
    "UpgradeAction",
    "UpgradePlan",
    "VisitEvidence",
    "WorkingCalendar",
    "metadata",
]
