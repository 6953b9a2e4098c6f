"""Writing a note: nothing of the case changes by it, not even its time, so its speaker cannot tell that there is one."""

from uuid import UUID

from services.feedback.cases.sealing import seal
from services.feedback.errors import not_yours_to_do
from services.feedback.notes.models import Note
from services.feedback.notes.queries import open_notes, show_note
from services.feedback.notes.schemas import NoteOut
from shared.auth import STAFF, Principal
from shared.uow import UnitOfWork


async def add_note(uow: UnitOfWork, principal: Principal, case_id: UUID, text: str) -> NoteOut:
    """No event tells of it. Raises `NotFound` (case-not-found), `Forbidden`, `Conflict` (case-erased)."""
    access = await open_notes(uow, principal, case_id, lock=True)
    if principal.role not in STAFF:
        raise not_yours_to_do("write notes on it")
    note = Note(
        id=uow.new_id(),
        case_id=case_id,
        by_role=access.role,
        by_unit_id=access.unit_id,
        text=seal(uow, access.case, text),
        added_at=uow.now(),
    )
    uow.session.add(note)
    return show_note(uow, access, note)
