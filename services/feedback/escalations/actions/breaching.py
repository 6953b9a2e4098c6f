"""Clocks that ran out are told, and each starts a chain."""

from operator import itemgetter

from sqlalchemy import text

from services.feedback.cases.models import RUNNING, EscalationChain
from services.feedback.escalations.actions.batching import Row, lock_cases, locking, terms_of, write
from services.feedback.escalations.rules import climbs_at
from shared.events.feedback import ClockBreachedV2, EscalationCause
from shared.uow import UnitOfWork

DUE = locking(f"case_clocks AS due JOIN cases ON cases.id = due.case_id WHERE {RUNNING} AND due_at <= :now ORDER BY due_at")
STILL_RUNNING = "coalesce(met_at, breached_at, paused_at, stopped_at) IS NULL"
"""Says what `RUNNING` says, but not to the planner: for known cases it must not walk the index of all that run."""
BREACH = text(
    f"""
    UPDATE case_clocks SET breached_at = :now
    WHERE case_id = ANY(:ids) AND {STILL_RUNNING} AND due_at <= :now
    RETURNING case_id, kind, round, due_at
    """
)


async def breach_due_clocks(uow: UnitOfWork) -> bool:
    """Mark the clocks that ran out, each exactly once, and start the chain of each.

    Any number of workers may run it at once: a case that another one holds is left to it. Returns whether there may be more.
    Events: ClockBreached.
    """
    cases = await lock_cases(uow, DUE)
    if not cases:
        return False
    found = await uow.session.execute(BREACH, {"now": uow.now(), "ids": list(cases)})
    breached = sorted(({**cases[clock["case_id"]], **clock} for clock in found.mappings()), key=itemgetter("due_at"))
    await write(uow, EscalationChain, [_chain(uow, clock) for clock in breached])
    await uow.record_all([_event(uow, clock) for clock in breached])
    return True


def _chain(uow: UnitOfWork, clock: Row) -> Row:
    return {
        "case_id": clock["case_id"],
        "cause": EscalationCause(clock["kind"]),
        "round": clock["round"],
        "next_step": 1,
        "next_at": climbs_at(terms_of(uow, clock), 1, uow.now()),
    }


def _event(uow: UnitOfWork, clock: Row) -> ClockBreachedV2:
    return ClockBreachedV2(
        case_id=clock["case_id"],
        unit_id=clock["unit_id"],
        kind=clock["kind"],
        due_at=clock["due_at"],
        breached_at=uow.now(),
    )
