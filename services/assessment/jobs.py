"""Timed work of this service."""

from services.assessment.alarms.actions import find_bulk_closing
from services.assessment.campaigns.actions import start_due_campaigns
from services.assessment.dry_runs.actions import advance_dry_run
from shared.service import Job
from shared.uow import Works

EVERY = 10.0
SOON = 2.0


async def start_campaigns(works: Works) -> bool:
    async with works.begin() as uow:
        return await start_due_campaigns(uow)


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
]
