"""Dry runs as they are asked for and shown."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from services.assessment.dry_runs.models import DryRun
from shared.types import In, Moment, Out


class DryRunIn(In):
    since: Moment
    until: Moment = Field(description="Not in the future.")
    unit_id: UUID | None = Field(None, description="Only this unit and those below it; null for all.")


class DryRunOut(Out):
    """What the standard would have graded. `moves`: units whose grade the active version gave otherwise."""

    id: UUID
    standard_id: UUID
    compared_with: UUID | None = Field(description="The version that was active; null when there was none.")
    unit_id: UUID | None
    since: datetime
    until: datetime
    units: int
    grades: dict[str, dict[str, int]] = Field(description="Units by level and grade.")
    grades_before: dict[str, dict[str, int]] = Field(description="The same under the active version.")
    moves: dict[str, int]
    missing: dict[str, int] = Field(description="For how many units each criterion was missing.")
    asked_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, run: DryRun) -> Self:
        return cls.model_validate(run)
