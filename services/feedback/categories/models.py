"""Table of categories: what opinions can be about, who then gets them, and what they have to say."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.feedback.tables import UTC_TIME, FeedbackTable, text_of
from shared.types import Level, enum_check


class CategoryRow(FeedbackTable, table=True):
    """`version` counts its changes. A code is given once and stays: cases keep it as their label."""

    __tablename__ = "categories"
    __table_args__ = (CheckConstraint(enum_check("level", Level), name="categories_level"),)

    id: UUID = Field(primary_key=True)
    code: str = Field(unique=True)
    name_en: str
    name_zh: str
    channels: list[str] = Field(sa_type=JSONB)
    keywords: list[str] = Field(sa_type=JSONB)
    default_unit_id: UUID | None
    level: Level | None = Field(sa_type=text_of(Level))
    attributes: list[dict[str, Any]] = Field(sa_type=JSONB)
    version: int
    updated_at: datetime = Field(sa_type=UTC_TIME)
    retired_at: datetime | None = Field(default=None, sa_type=UTC_TIME)
