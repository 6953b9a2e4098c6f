"""Timed work. Any number of workers may do it at once: each takes rows that no other has in hand."""

import asyncio

from services.visits.choices.actions import resume_rested
from services.visits.plans.actions.making import plan_visits_ahead
from services.visits.promises.actions import break_promises
from services.visits.proposals.actions.accepting import make_accepted
from services.visits.proposals.actions.forgetting import forget_proposals
from services.visits.sync.actions import forget_synced
from services.visits.visits.actions import miss_visits, ready_visits, remind_of_visits
from shared.service import Job
from shared.uow import Works

BATCH = 200
PLANS_BATCH = 1000
BATCHES_AT_ONCE = 4
CONTACTS_BATCH = 50
FORGOTTEN_BATCH = 1000
PROPOSALS_BATCH = 5


async def follow_windows(works: Works) -> bool:
    """Visits become ready when their window opens, and missed when it has ended unrecorded."""
    async with works.begin() as uow:
        ready = await ready_visits(uow, limit=BATCH)
        missed = await miss_visits(uow, limit=BATCH)
    return BATCH in (ready, missed)


async def plan_ahead(works: Works) -> bool:
    """Plans that come round get the visits that have come inside the horizon. While the database writes those of some batches,
    those of another are reckoned."""
    return PLANS_BATCH in await asyncio.gather(*(_plan_batch(works) for _ in range(BATCHES_AT_ONCE)))


async def _plan_batch(works: Works) -> int:
    async with works.begin() as uow:
        return await plan_visits_ahead(uow, limit=PLANS_BATCH)


async def remind(works: Works) -> bool:
    """Visits that are to be made soon are told of once, in time."""
    async with works.begin() as uow:
        ready = await ready_visits(uow, limit=BATCH)
        reminded = await remind_of_visits(uow, limit=BATCH)
    return BATCH in (ready, reminded)


async def resume_contacts(works: Works) -> bool:
    """Contacts whose suspension is over are owed visits again."""
    async with works.begin() as uow:
        return await resume_rested(uow, limit=CONTACTS_BATCH) == CONTACTS_BATCH


async def follow_promises(works: Works) -> bool:
    """Promises whose day has passed unkept are told of."""
    async with works.begin() as uow:
        return await break_promises(uow, limit=BATCH) == BATCH


async def make_proposed(works: Works) -> bool:
    """Contacts of an accepted proposal get their posts and their visits."""
    async with works.begin() as uow:
        return await make_accepted(uow, limit=CONTACTS_BATCH) > 0


async def forget_what_was_proposed(works: Works) -> bool:
    """Proposals that nobody accepted make way for newer ones."""
    async with works.begin() as uow:
        return await forget_proposals(uow, limit=PROPOSALS_BATCH) == PROPOSALS_BATCH


async def forget_what_phones_sent(works: Works) -> bool:
    """What no phone can need any more is dropped: what it sent, and what it was to forget."""
    async with works.begin() as uow:
        return await forget_synced(uow, limit=FORGOTTEN_BATCH) == FORGOTTEN_BATCH


JOBS = (
    Job("visit-windows", 10.0, follow_windows),
    Job("visits-ahead", 600.0, plan_ahead),
    Job("contacts-rested", 60.0, resume_contacts),
    Job("visit-reminders", 10.0, remind),
    Job("promises", 60.0, follow_promises),
    Job("proposals-accepted", 10.0, make_proposed),
    Job("proposal-retention", 3600.0, forget_what_was_proposed),
    Job("sync-retention", 3600.0, forget_what_phones_sent),
)
