"""Timed work of this service."""

from collections.abc import Awaitable, Callable, Sequence

from services.feedback.attachments.cabinet import Cabinet
from services.feedback.cases.actions.judging import lapse_unjudged_cases
from services.feedback.challenges.actions import forget_spent_challenges
from services.feedback.escalations.actions.breaching import breach_due_clocks
from services.feedback.escalations.actions.climbing import climb_due_chains
from services.feedback.holds.actions import hold_bursts
from services.feedback.ledger.actions import seal_ledger
from services.feedback.retaliation.actions.climbing import climb_due_reports
from services.feedback.retention.actions.erasing import end_due_access, erase_due_words
from services.feedback.retention.actions.resealing import seal_next_case, seal_next_identities
from shared.service import Job
from shared.uow import UnitOfWork, Works

EVERY = 1.0
"""Seconds: a breach is told, a chain climbs, and an unjudged answer is closed, within about one of its time."""
LOOKED_EVERY = 5.0
SWEPT_EVERY = 600.0


def _in_one_transaction(action: Callable[[UnitOfWork], Awaitable[bool]]) -> Callable[[Works], Awaitable[bool]]:
    async def run(works: Works) -> bool:
        async with works.begin() as uow:
            return await action(uow)

    return run


def make_jobs(cabinet: Cabinet) -> Sequence[Job]:
    return (
        Job("deadlines", EVERY, _in_one_transaction(breach_due_clocks)),
        Job("escalations", EVERY, _in_one_transaction(climb_due_chains)),
        Job("judgements", EVERY, _in_one_transaction(lapse_unjudged_cases)),
        Job("holds", LOOKED_EVERY, _in_one_transaction(hold_bursts)),
        Job("retaliation reports", LOOKED_EVERY, _in_one_transaction(climb_due_reports)),
        Job("ledger", LOOKED_EVERY, _in_one_transaction(seal_ledger)),
        Job("ends of access", SWEPT_EVERY, _in_one_transaction(end_due_access)),
        Job("ends of words", SWEPT_EVERY, _in_one_transaction(erase_due_words(cabinet))),
        Job("sealing anew", LOOKED_EVERY, _in_one_transaction(seal_next_case(cabinet))),
        Job("sealing identities anew", LOOKED_EVERY, _in_one_transaction(seal_next_identities)),
        Job("spent challenges", SWEPT_EVERY, _in_one_transaction(forget_spent_challenges)),
        Job("stray files", LOOKED_EVERY, _in_one_transaction(cabinet.sweep)),
    )
