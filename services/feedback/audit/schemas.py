"""What goes out of the audit log."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from services.feedback.audit.rules import Act
from shared.types import JsonObject, Out


class AuditEntryOut(Out):
    """One act. `hash` is SHA-256 of this object without it, as JSON with its keys sorted, without spaces, in UTF-8."""

    number: int = Field(description="1, 2, 3, without a gap.")
    id: UUID
    at: datetime = Field(description="To the second.")
    act: Act
    by_role: str
    by_unit_id: UUID | None
    by_account: UUID = Field(description="Always the same for one account, and not its id.")
    case_id: UUID | None
    subject_id: UUID | None = Field(description="What it was done to, for example a request.")
    detail: JsonObject = Field(description="Codes, ids and numbers.")
    previous: str = Field(description="`hash` of the entry before it, zeros before the first.")
    hash: str = Field(description="64 digits of hexadecimal. Keep the newest: nothing before it can be changed unseen then.")


class AuditCheckOut(Out):
    entries: int = Field(description="How many follow one another unbroken, from the first on.")
    head: str = Field(description="`hash` of the last of them. Who holds a newer one knows that entries were cut off.")
    intact: bool
    broken_at: int | None = Field(description="The number from which on nothing is proven: changed, missing or out of its place.")
