"""REST of redactions, for speakers with an account. Receipts have theirs in `protection`."""

from uuid import UUID

from fastapi import APIRouter

from services.feedback.cases.schemas import CaseOut
from services.feedback.redactions import actions
from services.feedback.redactions.schemas import RedactionIn
from shared.auth import Known
from shared.http import EdgeRoute, Uow

router = APIRouter(prefix="/v1/cases", route_class=EdgeRoute, tags=["cases"])


@router.post("/{case_id}/redact")
async def redact(uow: Uow, principal: Known, case_id: UUID, body: RedactionIn) -> CaseOut:
    """Take a passage out of what you wrote, wherever it stands, for good: a name, say, or a number.

    What the unit wrote stays. Fetch your proof of filing before, if you need one that shows your words.
    """
    return await actions.redact(uow, principal, case_id, body.passage)
