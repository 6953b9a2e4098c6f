"""Timed work of this service."""

from services.feedback.cases.actions import breach_due_clocks
from shared.service import Job
from shared.uow import Works

DEADLINES_EVERY = 1.0
"""Seconds: a breach is told within about one of its time."""


async def watch_deadlines(works: Works) -> bool:
    async with works.begin() as uow:
        return await breach_due_clocks(uow)


JOBS = (Job("deadlines", DEADLINES_EVERY, watch_deadlines),)
