"""REST of similar cases."""

from uuid import UUID

from fastapi import APIRouter

from services.feedback.redactions.rules import advise
from services.feedback.similar import queries
from services.feedback.similar.schemas import DraftIn, DraftOut, SimilarCases
from shared.auth import Caller, Known
from shared.http import EdgeRoute, QueryRoute, Uow
from shared.languages import current_language

drafting = APIRouter(prefix="/v1/opinions", route_class=QueryRoute, tags=["opinions"])
router = APIRouter(prefix="/v1/cases", route_class=EdgeRoute, tags=["cases"])


@drafting.post("/similar")
async def find_similar(uow: Uow, principal: Caller, body: DraftIn) -> DraftOut:
    """Whether somebody said it before: open cases whose speakers let others read them, to endorse one instead of filing again;
    and whether it says more of somebody than it should.

    Nothing of the draft is kept.
    """
    advice = advise(f"{body.title}\n{body.body or ''}", current_language())
    return DraftOut(items=await queries.find_similar(uow, body), advice=advice)


@router.get("/{case_id}/similar")
async def list_similar(uow: Uow, principal: Known, case_id: UUID) -> SimilarCases:
    """Cases of the same unit that are likely about the same matter, to be merged; for officials, not for its speaker."""
    return SimilarCases(items=await queries.list_similar(uow, principal, case_id))
