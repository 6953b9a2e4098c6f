"""Timed work of this service."""

from services.assessment.alarms.actions import find_bulk_closing
from services.assessment.audits.actions import draw_next
from services.assessment.campaigns.actions import start_due_campaigns
from services.assessment.directives.actions.escalating import escalate_tasks
from services.assessment.directives.actions.issuing import cascade_directives
from services.assessment.dry_runs.actions import advance_dry_run
from services.assessment.grades.actions.ending import confirm_unobjected, expire_grades
from services.assessment.grades.actions.proposing import propose_due
from services.assessment.objections.actions import tell_overdue_reviews
from services.assessment.stages.actions import advance_units, place_units
from services.assessment.upgrade_plans.actions import tell_late_plans
from shared.service import Job
from shared.uow import Works

EVERY = 10.0
BATCH = 500
SOON = 2.0


async def start_campaigns(works: Works) -> bool:
    async with works.begin() as uow:
        return await start_due_campaigns(uow)


async def propose_grades(works: Works) -> bool:
    """Campaigns that have ended, and units that somebody asked about, get their grades proposed, a batch at a time."""
    async with works.begin() as uow:
        return await propose_due(uow)


async def end_grades(works: Works) -> bool:
    """Windows for objections pass, and terms end."""
    async with works.begin() as uow:
        confirmed = await confirm_unobjected(uow, limit=BATCH)
        expired = await expire_grades(uow, limit=BATCH)
    return BATCH in (confirmed, expired)


async def follow_objections(works: Works) -> bool:
    """Objections that were not decided in time are told of."""
    async with works.begin() as uow:
        return await tell_overdue_reviews(uow, limit=BATCH) == BATCH


async def follow_plans(works: Works) -> bool:
    """Upgrade plans that were owed and did not come are told of."""
    async with works.begin() as uow:
        return await tell_late_plans(uow, limit=BATCH) == BATCH


async def roll_out(works: Works) -> bool:
    """Units get their place in the campaigns that run."""
    async with works.begin() as uow:
        return await place_units(uow, limit=BATCH)


async def advance(works: Works) -> bool:
    """Units go on to the next stage where their evidence says so."""
    async with works.begin() as uow:
        return await advance_units(uow, limit=BATCH)


async def cascade(works: Works) -> bool:
    """The units below whoever issued a directive get their tasks."""
    async with works.begin() as uow:
        return await cascade_directives(uow, limit=BATCH)


async def escalate(works: Works) -> bool:
    """Overdue tasks are told further up, step by step."""
    async with works.begin() as uow:
        return await escalate_tasks(uow, limit=BATCH)


async def draw_audits(works: Works) -> bool:
    """What audits look at is drawn, a unit at a time."""
    async with works.begin() as uow:
        return await draw_next(uow)


async def find_alarms(works: Works) -> bool:
    async with works.begin() as uow:
        return await find_bulk_closing(uow)


async def try_standards(works: Works) -> bool:
    async with works.begin() as uow:
        return await advance_dry_run(uow)


JOBS = [
    Job("start-campaigns", EVERY, start_campaigns),
    Job("try-standards", SOON, try_standards),
    Job("find-alarms", EVERY, find_alarms),
    Job("roll-out", EVERY, roll_out),
    Job("stages", EVERY, advance),
    Job("directives", EVERY, cascade),
    Job("overdue-tasks", EVERY, escalate),
    Job("propose-grades", EVERY, propose_grades),
    Job("end-grades", EVERY, end_grades),
    Job("objections", EVERY, follow_objections),
    Job("audits", SOON, draw_audits),
    Job("upgrade-plans", EVERY, follow_plans),
]
