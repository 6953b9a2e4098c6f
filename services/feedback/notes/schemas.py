"""What goes in and out of the note routes."""

from datetime import datetime
from uuid import UUID

from shared.types import Body, In, Out


class NoteIn(In):
    text: Body


class NoteOut(Out):
    id: UUID
    by_role: str
    by_unit_id: UUID | None
    text: str
    added_at: datetime
