"""The table of calendars."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from services.visits.tables import VisitsTable


class Calendar(VisitsTable, table=True):
    """A feed of one official's visits. Whoever has its token reads it, until it is revoked; the token itself is not kept."""

    __tablename__ = "calendars"
    __table_args__ = (Index("calendars_account", "account_id", "id"),)

    id: UUID = Field(primary_key=True)
    account_id: UUID
    token_hash: bytes = Field(unique=True)
    created_at: datetime
    revoked_at: datetime | None = None
