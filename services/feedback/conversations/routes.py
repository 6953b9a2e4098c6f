"""REST of conversations."""

from uuid import UUID

from fastapi import APIRouter

from services.feedback.cases.schemas import CaseOut
from services.feedback.conversations import actions, queries
from services.feedback.conversations.schemas import AnswerIn, MessageIn, MessageOut, ReadingIn, RejectionIn
from shared.auth import Known
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/cases", route_class=EdgeRoute, tags=["cases"])


@router.get("/{case_id}/messages")
async def list_messages(
    uow: Uow, principal: Known, case_id: UUID, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[MessageOut]:
    """What was said in the case, oldest first; the unit's answers are among it."""
    return await queries.list_messages(uow, principal, case_id, limit=limit, cursor=cursor)


@router.post("/{case_id}/messages", status_code=201)
async def add_message(uow: Uow, principal: Known, case_id: UUID, body: MessageIn) -> MessageOut:
    """Write to the other side, until the case is closed."""
    return await actions.add_message(uow, principal, case_id, body.text)


@router.post("/{case_id}/ask")
async def ask_resident(uow: Uow, principal: Known, case_id: UUID, body: MessageIn) -> CaseOut:
    """The unit asks the speaker; the clocks of its answer stand still until the speaker writes."""
    return await actions.ask_resident(uow, principal, case_id, body.text)


@router.post("/{case_id}/answer")
async def answer_case(uow: Uow, principal: Known, case_id: UUID, body: AnswerIn) -> CaseOut:
    """The unit's answer; `outcome` says in a line what changes for people."""
    return await actions.answer_case(uow, principal, case_id, body)


@router.post("/{case_id}/reject")
async def reject_case(uow: Uow, principal: Known, case_id: UUID, body: RejectionIn) -> CaseOut:
    """The unit declines the case; `reason` is shown to the speaker, as its last message and in the timeline."""
    return await actions.reject_case(uow, principal, case_id, body.reason, body.ground)


@router.post("/{case_id}/read")
async def read_messages(uow: Uow, principal: Known, case_id: UUID, body: ReadingIn) -> CaseOut:
    """Your side has seen the conversation up to this message: `unread` counts from there. It never goes back."""
    return await actions.read_messages(uow, principal, case_id, body.up_to)
