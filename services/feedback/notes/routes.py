"""REST of notes: for officials among themselves."""

from uuid import UUID

from fastapi import APIRouter

from services.feedback.notes import actions, queries
from services.feedback.notes.schemas import NoteIn, NoteOut
from shared.auth import Known
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/cases", route_class=EdgeRoute, tags=["cases"])


@router.get("/{case_id}/notes")
async def list_notes(
    uow: Uow, principal: Known, case_id: UUID, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[NoteOut]:
    """What officials noted on the case, oldest first. For its speaker there is nothing here."""
    return await queries.list_notes(uow, principal, case_id, limit=limit, cursor=cursor)


@router.post("/{case_id}/notes", status_code=201)
async def add_note(uow: Uow, principal: Known, case_id: UUID, body: NoteIn) -> NoteOut:
    """Note something for the officials who work on the case or oversee it; its speaker never sees that there is a note."""
    return await actions.add_note(uow, principal, case_id, body.text)
