"""Who has an account."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime
from sqlmodel import Field

from services.gateway.access.rules import AccountRole
from services.gateway.tables import GatewayTable
from shared.types import enum_check


class Account(GatewayTable, table=True):
    """`username` is folded; `unit_id` is a unit of assessment's, known here by projection only."""

    __tablename__ = "accounts"
    __table_args__ = (CheckConstraint(enum_check("role", AccountRole), name="accounts_role_check"),)

    id: UUID = Field(primary_key=True)
    username: str = Field(unique=True)
    password_hash: str
    role: str
    unit_id: UUID | None = Field(default=None, index=True)
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
