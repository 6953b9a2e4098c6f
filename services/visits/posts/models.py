"""The table of posts: jobs in a unit, whoever holds them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from services.visits.tables import VisitsTable


class Post(VisitsTable, table=True):
    """What is owed by a post is owed by whoever holds it; coordinates to about a kilometre."""

    __tablename__ = "posts"
    __table_args__ = (UniqueConstraint("unit_id", "code", name="posts_code"),)

    id: UUID = Field(primary_key=True)
    unit_id: UUID
    code: str
    name: str
    holder_id: UUID = Field(index=True)
    held_since: datetime
    visits_per_week: int
    latitude: float | None = None
    longitude: float | None = None
    created_at: datetime
