"""REST of responsibility: hand-over, and units that work on a case together."""

from uuid import UUID

from fastapi import APIRouter

from services.feedback.cases.schemas import CaseOut
from services.feedback.responsibility import queries
from services.feedback.responsibility.actions import handing_over, joining
from services.feedback.responsibility.schemas import HandOverIn, InvitationIn, JointUnitOut, LeavingIn
from shared.auth import Known
from shared.http import EdgeRoute, Uow

router = APIRouter(prefix="/v1/cases", route_class=EdgeRoute, tags=["cases"])


@router.post("/{case_id}/hand-over")
async def hand_over_case(uow: Uow, principal: Known, case_id: UUID, body: HandOverIn) -> CaseOut:
    """Another unit owes the case from now on. Its clocks run on, and everybody who sees it sees both owners and the reason."""
    return await handing_over.hand_over_case(uow, principal, case_id, body)


@router.get("/{case_id}/joint-units")
async def list_joint_units(uow: Uow, principal: Known, case_id: UUID) -> list[JointUnitOut]:
    """The units that work on the case beside its owner, or did."""
    return await queries.list_joint_units(uow, principal, case_id)


@router.post("/{case_id}/joint-units", status_code=201)
async def invite_unit(uow: Uow, principal: Known, case_id: UUID, body: InvitationIn) -> JointUnitOut:
    """Ask another unit to work on the case too. It reads it and writes messages; the owner alone answers."""
    return await joining.invite_unit(uow, principal, case_id, body)


@router.post("/{case_id}/joint-units/{unit_id}/leave")
async def leave_case(uow: Uow, principal: Known, case_id: UUID, unit_id: UUID, body: LeavingIn) -> JointUnitOut:
    """A joint unit has done its part, or the owner ends it."""
    return await joining.leave_case(uow, principal, case_id, unit_id, body.reason)
