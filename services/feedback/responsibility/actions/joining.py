"""Other units work on a case beside the one that owes it."""

from uuid import UUID

from sqlalchemy import delete, exists, select
from sqlmodel import col

from services.feedback.cases.actions.advancing import advance, permit
from services.feedback.cases.actions.sharing import give_part
from services.feedback.cases.models import Case, CaseOwner, CaseUnit, EscalationStep
from services.feedback.cases.queries.access import chain_of, exclusions_of, open_case
from services.feedback.cases.rules import Part, Party, Verb
from services.feedback.cases.sealing import seal
from services.feedback.errors import not_yours_to_do
from services.feedback.responsibility.models import JointUnit
from services.feedback.responsibility.queries import joint_units_of, show_joint_unit
from services.feedback.responsibility.rules import MOST_JOINT_UNITS, check_receiver
from services.feedback.responsibility.schemas import InvitationIn, JointUnitOut
from shared.auth import Principal
from shared.errors import Conflict, NotFound
from shared.events.feedback import JointUnitInvited, JointUnitLeft
from shared.uow import UnitOfWork


async def invite_unit(uow: UnitOfWork, principal: Principal, case_id: UUID, to: InvitationIn) -> JointUnitOut:
    """A unit of any place and level works on the case too: it reads and writes messages, and never answers for the owner.

    Events: JointUnitInvited. Raises `NotFound` (also unit-not-found), `Forbidden`, `Conflict`, `Invalid` (unit-concerned).
    """
    access = await open_case(uow, principal, case_id, lock=True)
    permit(access, Verb.invite)
    case, now = access.case, uow.now()
    chain = [unit.id for unit in await chain_of(uow.units, to.unit_id)]
    check_receiver(case.unit_id, chain, await exclusions_of(uow, case_id))
    before = await joint_units_of(uow, case_id)
    working = {joint.unit_id for joint in before if joint.left_at is None}
    if to.unit_id in working:
        raise Conflict("unit-joined", "This unit works on the case already: name another.")
    if len(working) >= MOST_JOINT_UNITS:
        raise Conflict("too-many-joint-units", f"{MOST_JOINT_UNITS} units work on this case: let one leave first.")
    await advance(uow, access, Verb.invite, reason=to.task)
    joint = JointUnit(case_id=case_id, number=len(before) + 1, unit_id=to.unit_id, task=seal(uow, case, to.task), invited_at=now)
    uow.session.add(joint)
    await give_part(uow, case_id, to.unit_id, Part.joint, now)
    event = JointUnitInvited(case_id=case_id, unit_id=case.unit_id, joint_unit_id=to.unit_id, invited_at=now)
    await uow.record(event)
    return show_joint_unit(uow, access, joint)


async def leave_case(uow: UnitOfWork, principal: Principal, case_id: UUID, unit_id: UUID, reason: str) -> JointUnitOut:
    """A joint unit's work ends, by itself or by the owner. It reads on only if it owed the case before, or was told of it.

    Events: JointUnitLeft. Raises `NotFound` (also joint-unit-not-found), `Forbidden`, `Conflict`.
    """
    access = await open_case(uow, principal, case_id, lock=True)
    permit(access, Verb.leave)
    if access.party is Party.joint and principal.unit_id != unit_id:
        raise not_yours_to_do("end another unit's work on")
    joint = await end_joint_work(uow, access.case, unit_id, reason)
    if joint is None:
        raise NotFound("joint-unit-not-found", "This unit does not work on the case: see `units` on the case.")
    await advance(uow, access, Verb.leave, reason=reason)
    return show_joint_unit(uow, access, joint)


async def end_joint_work(uow: UnitOfWork, case: Case, unit_id: UUID, reason: str) -> JointUnit | None:
    """None if the unit does not work on the case. Events: JointUnitLeft if it does."""
    now = uow.now()
    working = [joint for joint in await joint_units_of(uow, case.id) if joint.left_at is None]
    joint = next((joint for joint in working if joint.unit_id == unit_id), None)
    if joint is None:
        return None
    joint.left_at, joint.left_reason = now, seal(uow, case, reason)
    its_part = (col(CaseUnit.unit_id) == unit_id) & (col(CaseUnit.case_id) == case.id)
    await uow.session.execute(delete(CaseUnit).where(its_part))
    part = await _part_without(uow, case.id, unit_id)
    if part is not None:
        await give_part(uow, case.id, unit_id, part, now)
    await uow.record(JointUnitLeft(case_id=case.id, unit_id=case.unit_id, joint_unit_id=unit_id, left_at=now))
    return joint


async def _part_without(uow: UnitOfWork, case_id: UUID, unit_id: UUID) -> Part | None:
    """What the unit is to the case apart from its joint work."""
    owned = exists().where(col(CaseOwner.case_id) == case_id, col(CaseOwner.unit_id) == unit_id)
    told = exists().where(col(EscalationStep.case_id) == case_id, col(EscalationStep.unit_id) == unit_id)
    was_owner, was_told = (await uow.session.execute(select(owned, told))).one()
    return Part.former if was_owner else Part.told if was_told else None
