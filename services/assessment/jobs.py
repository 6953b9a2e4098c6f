"""Timed work of this service."""

from services.assessment.campaigns.actions import start_due_campaigns
from shared.service import Job
from shared.uow import Works

EVERY = 10.0


async def start_campaigns(works: Works) -> bool:
    async with works.begin() as uow:
        return await start_due_campaigns(uow)


JOBS = [Job("start-campaigns", EVERY, start_campaigns)]
