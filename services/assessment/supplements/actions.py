"""What changes supplements: only ever a new version."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from services.assessment.decisions.actions import record_decision
from services.assessment.policies.actions import one_at_a_time
from services.assessment.practices.rules import check_start
from services.assessment.supplements.models import PolicySupplement
from services.assessment.supplements.queries import inherited_by
from services.assessment.supplements.rules import RULE, check_end, check_stricter, code_of
from services.assessment.supplements.schemas import SupplementIn
from services.assessment.units.models import Unit
from services.assessment.units.queries import get_chain
from shared.auth import Principal, Role
from shared.errors import Forbidden
from shared.events.assessment import PolicySupplementRegistered
from shared.uow import UnitOfWork


async def register_supplement(uow: UnitOfWork, principal: Principal, asked: SupplementIn) -> PolicySupplement:
    """Keep the next version of what the unit asks beyond the policies, for the cases opened from `effective_from` on.

    Records `PolicySupplementRegistered`. Raises `NotFound` (unit-not-found), `Forbidden` (unit-not-led,
    supplement-from-above), `Invalid` (policy-in-the-past, supplement-too-lax, supplement-says-nothing, supplement-ends),
    `Conflict` (supplement-ended).
    """
    chain, now = await get_chain(uow, asked.unit_id), uow.now()
    _check_led(principal, chain)
    effective_from = asked.effective_from or now
    check_start(effective_from, now)
    await one_at_a_time(uow)
    code = code_of(chain[0].code, asked.channel)
    last = await _last(uow, code)
    _check_not_from_above(uow, principal, last)
    check_end(asked.ends, asked.rules(), last is None or last.ends)
    check_stricter(asked.rules(), await inherited_by(uow, chain, asked.channel, effective_from))
    supplement = PolicySupplement(
        id=uow.new_id(),
        code=code,
        version=last.version + 1 if last else 1,
        unit_id=asked.unit_id,
        channel=asked.channel,
        effective_from=effective_from,
        ends=asked.ends,
        rules=asked.rules().model_dump(mode="json"),
        reason=asked.reason,
        by_role=principal.role,
        by_unit_id=principal.unit_id,
        registered_at=now,
    )
    uow.session.add(supplement)
    await uow.session.flush()
    await _tell(uow, supplement)
    await record_decision(
        uow,
        principal,
        kind="supplement.ended" if supplement.ends else "supplement.registered",
        subject="policy-supplement",
        subject_id=supplement.id,
        unit_id=supplement.unit_id,
        rule=RULE,
        reason=supplement.reason,
        public=True,
    )
    return supplement


def _check_led(principal: Principal, chain: Sequence[Unit]) -> None:
    ids: set[UUID | None] = {unit.id for unit in chain}
    if principal.role is not Role.admin and principal.unit_id not in ids:
        raise Forbidden("unit-not-led", "Only a lead of this unit or of one above it, or an administrator, does this.")


def _check_not_from_above(uow: UnitOfWork, principal: Principal, last: PolicySupplement | None) -> None:
    """What a unit above asked is not for the unit below to take back."""
    if last is None or (last.ends and last.effective_from <= uow.now()):
        return
    if principal.role is not Role.admin and not uow.units.covers(principal.unit_id, last.by_unit_id):
        raise Forbidden("supplement-from-above", "The newest version is from further up: ask there for another one.")


async def _last(uow: UnitOfWork, code: str) -> PolicySupplement | None:
    """The newest version."""
    of_code = select(PolicySupplement).where(col(PolicySupplement.code) == code)
    return await uow.session.scalar(of_code.order_by(col(PolicySupplement.version).desc()).limit(1))


async def _tell(uow: UnitOfWork, supplement: PolicySupplement) -> None:
    told = supplement.supplement()
    event = PolicySupplementRegistered(
        supplement_id=told.id,
        supplement_code=told.code,
        version=told.version,
        unit_id=told.unit_id,
        channel=told.channel,
        effective_from=told.effective_from,
        ends=told.ends,
        rules=told.rules,
        registered_at=supplement.registered_at,
    )
    await uow.record(event)
