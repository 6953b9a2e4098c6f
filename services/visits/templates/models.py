"""The table of visit templates: what is asked on a visit."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.visits.tables import VisitsTable


class VisitTemplate(VisitsTable, table=True):
    """A row for each version, never changed: a visit keeps the version by which it was recorded. `unit_id` owns the template; the
    units below it use it too, and none of them has another of this code."""

    __tablename__ = "visit_templates"
    __table_args__ = (Index("visit_templates_code", "code", "unit_id", "version", unique=True),)

    id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    unit_id: UUID
    code: str
    title_en: str
    title_zh: str
    questions: list[dict[str, Any]] = Field(sa_type=JSONB)
    created_by: UUID
    created_at: datetime
