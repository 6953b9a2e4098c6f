"""Wiring of the assessment service, and nothing else."""

from services.assessment.activations.routes import router as activations
from services.assessment.alarms.routes import public as public_alarms
from services.assessment.alarms.routes import router as alarms
from services.assessment.audits.routes import public_router as public_audits
from services.assessment.audits.routes import router as audits
from services.assessment.campaigns.routes import router as campaigns
from services.assessment.case_call_backs.routes import router as case_call_backs
from services.assessment.comments.routes import router as comments
from services.assessment.comparisons.routes import router as comparisons
from services.assessment.consumers import CONSUMES
from services.assessment.decisions.routes import router as decisions
from services.assessment.directives.routes import router as directives
from services.assessment.directives.routes import tasks_router as tasks
from services.assessment.dry_runs.routes import router as dry_runs
from services.assessment.exclusions.routes import public_router as public_exclusions
from services.assessment.exclusions.routes import router as exclusions
from services.assessment.grades.routes import router as grades
from services.assessment.grading.routes import router as grading
from services.assessment.jobs import JOBS
from services.assessment.mechanism.routes import router as mechanism
from services.assessment.objections.routes import router as objections
from services.assessment.outcomes.routes import public as public_outcomes
from services.assessment.outcomes.routes import router as outcomes
from services.assessment.policies.routes import router as policies
from services.assessment.practices.routes import router as practices
from services.assessment.priorities.routes import efforts
from services.assessment.priorities.routes import router as priorities
from services.assessment.profiles.routes import router as profiles
from services.assessment.reports.routes import router as reports
from services.assessment.scores.routes import router as scores
from services.assessment.settings import AssessmentSettings
from services.assessment.simulations.routes import router as simulations
from services.assessment.stages.routes import router as stages
from services.assessment.standards.routes import router as standards
from services.assessment.supplements.routes import effective as effective_policies
from services.assessment.supplements.routes import router as supplements
from services.assessment.units.routes import router as units
from services.assessment.upgrade_plans.routes import router as upgrade_plans
from services.assessment.working_calendars.routes import router as working_calendars
from shared.clock import Clock, system_clock
from shared.ids import Ids, new_id
from shared.service import Service

ROUTERS = [
    units,
    profiles,
    effective_policies,
    policies,
    supplements,
    simulations,
    practices,
    working_calendars,
    standards,
    comments,
    dry_runs,
    activations,
    campaigns,
    exclusions,
    public_exclusions,
    directives,
    tasks,
    stages,
    scores,
    grading,
    decisions,
    grades,
    comparisons,
    mechanism,
    objections,
    audits,
    public_audits,
    upgrade_plans,
    outcomes,
    public_outcomes,
    alarms,
    public_alarms,
    case_call_backs,
    priorities,
    efforts,
    reports,
]


def create_service(settings: AssessmentSettings, *, clock: Clock = system_clock, ids: Ids = new_id) -> Service:
    return Service(settings, routers=ROUTERS, handlers=CONSUMES, jobs=JOBS, clock=clock, ids=ids)
