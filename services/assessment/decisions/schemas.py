"""Decisions as they are shown."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from services.assessment.decisions.models import Decision
from shared.auth import Role
from shared.types import Out


class PublicDecision(Out):
    """What was decided and by which rule. No person is named: a role and a unit are."""

    id: UUID
    kind: str = Field(description="What happened, for example `grade.published`.")
    subject: str = Field(description="What it was about, for example `grade`.")
    subject_id: UUID
    unit_id: UUID | None
    rule: str = Field(description="The code of the rule by which it was decided, for example `grade.two-signatures`.")
    reason: str
    actor_role: Role | None = Field(description="Null: the rule decided alone.")
    actor_unit_id: UUID | None = Field(description="Before publication for inspectors and administrators only.")
    decided_at: datetime


class DecisionOut(PublicDecision):
    actor_id: UUID | None = Field(description="The account, for inspectors and administrators only.")
    public: bool

    @classmethod
    def of(cls, decision: Decision, *, named: bool) -> Self:
        """`named`: for somebody who assesses. The others must not press who decides about what is not published."""
        hidden = {} if named else {"actor_id": None} if decision.public else {"actor_id": None, "actor_unit_id": None}
        return cls.model_validate({**decision.model_dump(), **hidden})
