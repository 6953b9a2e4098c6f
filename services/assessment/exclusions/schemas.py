"""Exclusions and coverage as they are asked for and shown. Nobody is named here: units are."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from services.assessment.campaigns.models import Exclusion
from services.assessment.campaigns.rules import ExclusionReason
from services.assessment.exclusions.rules import Coverage, together
from services.assessment.units.models import Unit
from shared.types import In, Level, Line, Out


class ExclusionIn(In):
    unit_id: UUID
    with_subtree: bool = Field(False, description="Whether every unit below it is left out too.", strict=True)
    reason_code: ExclusionReason
    reason: Line = Field(description="Everybody reads it: say what is so, and name no person.")


class LiftIn(In):
    reason: Line = Field(description="Everybody reads it.")


class ExclusionOut(Out):
    id: UUID
    campaign_id: UUID
    unit_id: UUID
    unit_code: str
    unit_name: str
    with_subtree: bool
    reason_code: ExclusionReason
    reason: str
    rule: str
    excluded_at: datetime
    lifted_at: datetime | None
    lift_reason: str | None

    @classmethod
    def of(cls, exclusion: Exclusion, unit: Unit) -> Self:
        return cls.model_validate({**exclusion.model_dump(), "unit_code": unit.code, "unit_name": unit.name})


class CoverageFigures(Out):
    units: int
    covered: int
    excluded: int
    share: float | None = Field(description="Covered units of all units; null where there are none.")


class LevelCoverage(CoverageFigures):
    level: Level


class CoverageOut(CoverageFigures):
    campaign_id: UUID
    levels: list[LevelCoverage] = Field(description="Of the levels that have units, the highest first.")

    @classmethod
    def of(cls, campaign_id: UUID, levels: dict[Level, Coverage]) -> Self:
        shown = [LevelCoverage(level=level, **_figures(levels[level])) for level in Level if level in levels]
        return cls(campaign_id=campaign_id, levels=shown, **_figures(together(levels.values())))


def _figures(coverage: Coverage) -> dict[str, int | float | None]:
    return CoverageFigures.model_validate(coverage).model_dump()
