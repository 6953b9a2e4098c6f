"""Practice policies as they are asked for and shown."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from services.assessment.practices.models import PracticeVersion
from shared.practices import SHIPPED, AnyRules
from shared.types import In, Level, Line, Moment, Out

SHIPPED_IDS = frozenset(policy.id for policy in SHIPPED)


class PracticePolicyIn(In):
    name: Line
    level: Level | None = Field(None, description="The only level whose units it is for; null for every level.")
    effective_from: Moment | None = Field(None, description="Not in the past; now when left out.")
    rules: AnyRules


class PracticePolicyOut(Out):
    id: UUID
    label: str
    version: int
    name: str
    level: Level | None
    effective_from: datetime
    registered_at: datetime
    rules: AnyRules
    shipped: bool = Field(description="Part of the product, not registered by anybody.")

    @classmethod
    def of(cls, version: PracticeVersion) -> Self:
        return cls.model_validate({**version.model_dump(), "label": version.policy().label, "shipped": version.id in SHIPPED_IDS})
