"""Chains climb: the next unit above is told when its step is due."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from services.feedback.cases.models import CaseHistory, CaseUnit, EscalationStep
from services.feedback.cases.rules import Part, Party, Protection, unblamed
from services.feedback.escalations.actions.batching import Row, lock_cases, locking, terms_of, write
from services.feedback.escalations.rules import climbs_at, next_unit, reason_of
from shared.events.feedback import CaseEscalatedV2, EscalationCause
from shared.ids import new_id_at
from shared.uow import UnitOfWork

DUE = locking("escalation_chains AS due JOIN cases ON cases.id = due.case_id WHERE next_at <= :now ORDER BY next_at")
CHAINS = text(
    """
    SELECT case_id, cause, round, next_step, next_at,
        ARRAY(
            SELECT steps.unit_id FROM escalation_steps AS steps
            WHERE (steps.case_id, steps.cause, steps.round) = (due.case_id, due.cause, due.round)
        ) AS told,
        ARRAY(SELECT unit_id FROM case_exclusions WHERE case_exclusions.case_id = due.case_id AND post = '') AS about
    FROM escalation_chains AS due
    WHERE case_id = ANY(:ids) AND coalesce(next_at) <= :now
    ORDER BY next_at, case_id, cause, round
    """
)
MOVE = text(
    """
    UPDATE escalation_chains SET next_step = :next_step, next_at = :next_at
    WHERE case_id = :case_id AND cause = :cause AND round = :round
    """
)


@dataclass(frozen=True, slots=True)
class _Step:
    """A step of the chain, about to be taken. `coarse` where it tells when an anonymous speaker reopened the case."""

    chain: Row
    id: UUID
    unit_id: UUID
    at: datetime
    coarse: bool


async def climb_due_chains(uow: UnitOfWork) -> bool:
    """Take the steps that are due, each exactly once; a chain without a unit above to tell ends.

    Any number of workers may run it at once: a case that another one holds is left to it. Returns whether there may be more.
    Events: CaseEscalated.
    """
    cases = await lock_cases(uow, DUE)
    if not cases:
        return False
    found = await uow.session.execute(CHAINS, {"now": uow.now(), "ids": list(cases)})
    chains = [{**cases[chain["case_id"]], **chain} for chain in found.mappings()]
    taken = [_step(uow, chain) for chain in chains]
    steps = [step for step in taken if step is not None]
    if chains:
        await uow.session.execute(MOVE, [_move(uow, chain, step) for chain, step in zip(chains, taken, strict=True)])
    await write(uow, EscalationStep, [_row(step) for step in steps])
    await write(uow, CaseUnit, [_part(step) for step in steps])
    await write(uow, CaseHistory, [_act(step) for step in steps])
    await uow.record_all([_event(step) for step in steps if not step.coarse])
    for step in steps:
        if step.coarse:
            await uow.record(_event(step), coarse=True)
    return True


def _step(uow: UnitOfWork, chain: Row) -> _Step | None:
    """None where nobody is left to tell. A reopening is told as of its own moment."""
    unit_id = _next(uow, chain, chain["told"])
    if unit_id is None:
        return None
    if chain["cause"] != EscalationCause.reopening:
        return _Step(chain, uow.new_id(), unit_id, uow.now(), coarse=False)
    at, coarse = chain["next_at"], chain["protection"] == Protection.anonymous
    return _Step(chain, new_id_at(at) if coarse else uow.new_id(), unit_id, at, coarse)


def _next(uow: UnitOfWork, chain: Row, told: Collection[UUID]) -> UUID | None:
    """Above the unit that owes what was not done: the case's own, or the one that an appeal waits for."""
    owing = chain["appeal_unit_id"] if chain["cause"] == EscalationCause.appeal else chain["unit_id"]
    above = unblamed([unit.id for unit in uow.units.chain(owing)][1:], chain["about"])
    return next_unit(terms_of(uow, chain), EscalationCause(chain["cause"]), chain["round"], above, told)


def _move(uow: UnitOfWork, chain: Row, step: _Step | None) -> Row:
    """Where the chain stands then; it ends when nobody was told, or nobody will be."""
    number, next_at = chain["next_step"], None
    if step is not None:
        number += 1
        if _next(uow, chain, [*chain["told"], step.unit_id]) is not None:
            next_at = climbs_at(terms_of(uow, chain), number, step.at)
    return {**_name(chain), "next_step": number, "next_at": next_at}


def _name(chain: Row) -> Row:
    return {name: chain[name] for name in ("case_id", "cause", "round")}


def _row(step: _Step) -> Row:
    number = step.chain["next_step"]
    return {**_name(step.chain), "step": number, "id": step.id, "unit_id": step.unit_id, "notified_at": step.at}


def _part(step: _Step) -> Row:
    """A unit that works on the case, or did, stays what it is."""
    return {"unit_id": step.unit_id, "case_id": step.chain["case_id"], "part": Part.told, "since": step.at}


def _act(step: _Step) -> Row:
    state = step.chain["state"]
    return {
        "case_id": step.chain["case_id"],
        "at": step.at,
        "verb": "escalate",
        "by_role": Party.system,
        "by_unit_id": step.unit_id,
        "from_state": state,
        "to_state": state,
        "reason": reason_of(EscalationCause(step.chain["cause"]), step.chain["round"]),
        "rule": step.chain["policy_version"],
    }


def _event(step: _Step) -> CaseEscalatedV2:
    facts, number = step.chain, step.chain["next_step"]
    return CaseEscalatedV2(
        **_name(step.chain), unit_id=facts["unit_id"], to_unit_id=step.unit_id, step=number, escalated_at=step.at
    )
