"""Reading who works on a case."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from services.feedback.cases.queries.access import Access, open_case
from services.feedback.responsibility.models import JointUnit
from services.feedback.responsibility.rules import JointState
from services.feedback.responsibility.schemas import JointUnitOut
from shared.auth import Principal
from shared.uow import UnitOfWork


async def list_joint_units(uow: UnitOfWork, principal: Principal, case_id: UUID) -> list[JointUnitOut]:
    """Those that work on the case and those that did, in the order of their invitations. Raises `NotFound` (case-not-found)."""
    access = await open_case(uow, principal, case_id)
    return [show_joint_unit(uow, access, joint) for joint in await joint_units_of(uow, case_id)]


async def joint_units_of(uow: UnitOfWork, case_id: UUID) -> Sequence[JointUnit]:
    statement = select(JointUnit).where(col(JointUnit.case_id) == case_id).order_by(col(JointUnit.number))
    return (await uow.session.scalars(statement)).all()


def show_joint_unit(uow: UnitOfWork, access: Access, joint: JointUnit) -> JointUnitOut:
    unit = uow.units.get(joint.unit_id)
    return JointUnitOut(
        unit_id=joint.unit_id,
        name=unit.name if unit else None,
        task=access.unseal(uow, joint.task),
        state=JointState.left if joint.left_at else JointState.working,
        invited_at=joint.invited_at,
        left_at=joint.left_at,
        left_reason=access.unseal(uow, joint.left_reason),
    )
