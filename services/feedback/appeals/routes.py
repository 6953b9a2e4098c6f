"""REST of appeals."""

from uuid import UUID

from fastapi import APIRouter

from services.feedback.appeals import actions
from services.feedback.appeals.schemas import AppealIn, DecisionIn
from services.feedback.cases.schemas import CaseOut
from shared.auth import Known
from shared.http import EdgeRoute, Uow

router = APIRouter(prefix="/v1/cases", route_class=EdgeRoute, tags=["cases"])


@router.post("/{case_id}/appeal")
async def appeal_rejection(uow: Uow, principal: Known, case_id: UUID, body: AppealIn) -> CaseOut:
    """The speaker asks the unit above to look at the rejection again, until `appealable_until`, once for each rejection."""
    return await actions.appeal_rejection(uow, principal, case_id, body.reason)


@router.post("/{case_id}/appeal/decide")
async def decide_appeal(uow: Uow, principal: Known, case_id: UUID, body: DecisionIn) -> CaseOut:
    """The unit above decides, with a reason that the speaker and the unit below read. Overturned, the case is owed again."""
    return await actions.decide_appeal(uow, principal, case_id, body)
