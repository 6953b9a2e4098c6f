"""Staff accounts as visits knows them: a projection of the gateway's, holding who can be sent and nothing else."""

from uuid import UUID

from sqlmodel import Field

from services.visits.tables import VisitsTable


class Visitor(VisitsTable, table=True):
    __tablename__ = "visitors"

    account_id: UUID = Field(primary_key=True)
    role: str
    unit_id: UUID | None = Field(default=None, index=True)
