"""The unit that was told of an escalation says that it has seen it."""

from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from services.feedback.cases.actions.clocks import terms_of
from services.feedback.cases.actions.history import write_act
from services.feedback.cases.models import Case, EscalationChain, EscalationStep
from services.feedback.cases.queries.access import open_case
from services.feedback.errors import not_yours_to_do
from services.feedback.escalations.rules import climbs_at
from services.feedback.escalations.schemas import EscalationItem
from shared.auth import Principal, Role
from shared.errors import Conflict, NotFound
from shared.events.feedback import EscalationAcknowledged
from shared.uow import UnitOfWork


def escalation_not_found() -> NotFound:
    """Also the answer for one whose case the caller may not see."""
    return NotFound("escalation-not-found", "No such escalation is yours to see. List them with GET /v1/escalations.")


async def acknowledge_escalation(uow: UnitOfWork, principal: Principal, escalation_id: UUID) -> EscalationItem:
    """The unit that was told has seen it; where its step is the chain's last so far, the next one waits from now on.

    Events: EscalationAcknowledged. Raises `NotFound` (escalation-not-found), `Forbidden`, `Conflict` when it was done before.
    """
    case = await _open_case_of(uow, principal, escalation_id)
    step = (await uow.session.scalars(select(EscalationStep).where(col(EscalationStep.id) == escalation_id))).one()
    if principal.role not in (Role.official, Role.lead) or principal.unit_id != step.unit_id:
        raise not_yours_to_do("acknowledge its escalation")
    if step.acknowledged_at is not None:
        raise Conflict("escalation-acknowledged", f"Your unit acknowledged this at {step.acknowledged_at.isoformat()}.")
    now = uow.now()
    step.acknowledged_at = now
    chain = await uow.session.get_one(EscalationChain, (step.case_id, step.cause, step.round))
    if chain.next_at is not None and chain.next_step == step.step + 1:
        chain.next_at = climbs_at(terms_of(uow, case), chain.next_step, now)
    act = "acknowledge_escalation"
    write_act(uow, case, act, now, by_role=principal.role, by_unit_id=principal.unit_id, rule=case.policy_version)
    told = EscalationAcknowledged(
        case_id=case.id,
        unit_id=case.unit_id,
        by_unit_id=step.unit_id,
        cause=step.cause,
        round=step.round,
        step=step.step,
        acknowledged_at=now,
    )
    await uow.record(told)
    facts = {**case.model_dump(), **chain.model_dump(), **step.model_dump(), "owing_unit_id": case.unit_id}
    return EscalationItem.model_validate(facts)


async def _open_case_of(uow: UnitOfWork, principal: Principal, escalation_id: UUID) -> Case:
    """The case, locked, of a step. Raises `NotFound` alike for a step that does not exist and one that the caller may not see."""
    case_id = await uow.session.scalar(select(col(EscalationStep.case_id)).where(col(EscalationStep.id) == escalation_id))
    if case_id is None:
        raise escalation_not_found()
    try:
        return (await open_case(uow, principal, case_id, lock=True)).case
    except NotFound:
        raise escalation_not_found() from None
