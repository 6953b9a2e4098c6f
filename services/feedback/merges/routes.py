"""REST of merges."""

from uuid import UUID

from fastapi import APIRouter

from services.feedback.cases.schemas import CaseOut
from services.feedback.merges import actions, queries
from services.feedback.merges.schemas import MergedOut, MergeIn, UnmergeIn
from shared.auth import Known
from shared.http import EdgeRoute, Uow

router = APIRouter(prefix="/v1/cases", route_class=EdgeRoute, tags=["cases"])


@router.post("/{case_id}/merge")
async def merge_case(uow: Uow, principal: Known, case_id: UUID, body: MergeIn) -> CaseOut:
    """Answer this case with another about the same matter: what the unit says there its speaker is told too, and judges alone."""
    return await actions.merge_case(uow, principal, case_id, body)


@router.post("/{case_id}/unmerge")
async def unmerge_case(uow: Uow, principal: Known, case_id: UUID, body: UnmergeIn) -> CaseOut:
    """Answer this case by itself again."""
    return await actions.unmerge_case(uow, principal, case_id, body.reason)


@router.get("/{case_id}/merged")
async def list_merged(uow: Uow, principal: Known, case_id: UUID) -> list[MergedOut]:
    """The cases that are answered with this one, at most 500, oldest first; for officials, not for its speaker."""
    return await queries.list_merged(uow, principal, case_id)
