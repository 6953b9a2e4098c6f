"""Policies as they are asked for and shown."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field

from services.assessment.policies.models import Policy
from shared.policies import SHIPPED, CaseRules, Channel, Deadlines, Reopenings
from shared.types import Code, Level, Line, Moment

STRICT = ConfigDict(frozen=True, extra="forbid")
SHIPPED_IDS = frozenset(policy.id for policy in SHIPPED)


class DeadlinesIn(Deadlines):
    model_config = STRICT


class PolicyIn(CaseRules):
    model_config = STRICT

    code: Code = Field(description="A code that is there already gets its next version, with the same level and channel.")
    name: Line
    level: Level | None = Field(None, description="The only level whose units it is for; null for every level.")
    channel: Channel | None = Field(None, description="The only channel that it is for; null for every channel.")
    effective_from: Moment | None = Field(None, description="Not in the past; now when left out.")
    deadlines: DeadlinesIn
    escalate_after_reopenings: Reopenings | None = Field(
        None, description="From this reopening on, each one tells one unit further up; null: reopening alone tells nobody."
    )
    calendar_code: Code | None = Field(None, description="The working calendar; needed for working hours and working days.")

    def rules(self) -> CaseRules:
        return CaseRules.model_validate(self.model_dump())


class PolicyOut(CaseRules):
    id: UUID
    label: str = Field(description="Code and version: what a case keeps.")
    code: str
    version: int
    name: str
    level: Level | None
    channel: Channel | None
    effective_from: datetime
    registered_at: datetime
    shipped: bool = Field(description="Part of the product, not registered by anybody.")

    @classmethod
    def of(cls, policy: Policy) -> Self:
        return cls(
            **policy.rules,
            **policy.model_dump(exclude={"rules"}),
            label=policy.label,
            shipped=policy.id in SHIPPED_IDS,
        )
