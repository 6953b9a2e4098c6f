"""The register of decisions: who decided what, by which rule, and why."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text, text
from sqlmodel import Field

from services.assessment.tables import AssessmentTable
from shared.auth import Role
from shared.types import enum_check

PUBLIC = "public"


class Decision(AssessmentTable, table=True):
    """Append-only: a trigger refuses every change. Without a role a rule decided alone, in timed work; with a
    role and no account, another service told of it.

    `public`: anybody may read it, without the person; fixed when it is written, because what is not published yet stays apart.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        CheckConstraint(f"actor_role IS NULL OR {enum_check('actor_role', Role)}", name="decisions_actor_role"),
        CheckConstraint("actor_id IS NULL OR actor_role IS NOT NULL", name="decisions_actor_whole"),
        Index("ix_decisions_unit_id_id", "unit_id", "id"),
        Index("ix_decisions_subject_id_id", "subject_id", "id"),
        Index("ix_decisions_kind_id", "kind", "id"),
        Index("ix_decisions_public", "id", postgresql_where=text(PUBLIC)),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    subject_id: UUID
    unit_id: UUID | None
    rule: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    public: bool
    actor_id: UUID | None
    actor_role: str | None = Field(sa_type=Text)
    actor_unit_id: UUID | None
    decided_at: datetime = Field(sa_type=DateTime(timezone=True))
