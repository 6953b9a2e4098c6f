"""Reading notes."""

from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from services.feedback.cases.queries.access import Access, open_case
from services.feedback.cases.rules import Party
from services.feedback.errors import case_not_found
from services.feedback.notes.models import Note
from services.feedback.notes.schemas import NoteOut
from shared.auth import STAFF, Principal, Role
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork

READERS = STAFF | {Role.inspector}
"""Of those who see a case, those in office read its notes; and STAFF write them."""


async def open_notes(uow: UnitOfWork, principal: Principal, case_id: UUID, *, lock: bool = False) -> Access:
    """Raises `NotFound` (case-not-found), also to the case's speaker: to them there is nothing here."""
    access = await open_case(uow, principal, case_id, lock=lock)
    if access.party is Party.speaker or principal.role not in READERS:
        raise case_not_found()
    return access


async def list_notes(uow: UnitOfWork, principal: Principal, case_id: UUID, *, limit: int, cursor: str | None) -> Page[NoteOut]:
    """Oldest first. Raises `NotFound` (case-not-found)."""
    access = await open_notes(uow, principal, case_id)
    after = decode_cursor(cursor)
    statement = select(Note).where(col(Note.case_id) == case_id)
    if after is not None:
        statement = statement.where(col(Note.id) > after)
    found = (await uow.session.scalars(statement.order_by(col(Note.id)).limit(limit + 1))).all()
    rows, next_cursor = cut(found, limit, lambda note: note.id)
    return Page(items=[show_note(uow, access, note) for note in rows], next_cursor=next_cursor)


def show_note(uow: UnitOfWork, access: Access, note: Note) -> NoteOut:
    """As this caller sees it."""
    return NoteOut.model_validate({**note.model_dump(), "text": access.unseal(uow, note.text)})
