"""Timed work of this service."""

from collections.abc import Sequence

from services.feedback.cases.actions import breach_due_clocks, lapse_unjudged_cases
from services.feedback.cases.rules import ClockPolicy
from shared.service import Job
from shared.uow import Works

EVERY = 1.0
"""Seconds: a breach is told, and an unjudged answer closed, within about one of its time."""


async def watch_deadlines(works: Works) -> bool:
    async with works.begin() as uow:
        return await breach_due_clocks(uow)


def jobs(policy: ClockPolicy) -> Sequence[Job]:
    """The table; a case that nobody judged stays reopenable as `policy` says."""

    async def watch_judgements(works: Works) -> bool:
        async with works.begin() as uow:
            return await lapse_unjudged_cases(uow, policy)

    return (Job("deadlines", EVERY, watch_deadlines), Job("judgements", EVERY, watch_judgements))
