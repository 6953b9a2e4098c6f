"""What goes out of the attachment routes; a file comes in as a form."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.feedback.cases.rules import Side
from shared.types import Out


class AttachmentOut(Out):
    id: UUID
    by: Side
    unit_id: UUID | None = Field(description="The unit that sent it; null for the resident.")
    media_type: str = Field(description="image/jpeg, image/png, image/webp or application/pdf, as it is kept.")
    size: int = Field(description="In bytes, as it is kept.")
    width: int | None = Field(description="In pixels; null for a document.")
    height: int | None
    pages: int | None = Field(description="Null for a picture.")
    thumbnail: bool = Field(description="Whether it has one: pictures do.")
    added_at: datetime
