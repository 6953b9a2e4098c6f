"""Standards as they are asked for and shown."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.assessment.standards.models import Standard
from services.assessment.standards.rules import Criterion, Scale
from shared.types import Code, In, Level, Line, Out

Weight = Annotated[int, Field(ge=0, le=100)]
Band = Annotated[Decimal, Field(gt=0, le=1, decimal_places=2, description="A composite, 0.01 to 1, in hundredths.")]
Sample = Annotated[int, Field(ge=1, le=1_000_000)]


class Weights(In):
    """They total 100."""

    response: Weight = 10
    resolution: Weight = 45
    satisfaction: Weight = 45


class BandsIn(In):
    qualified: Band = Decimal("0.60")
    excellent: Band = Decimal("0.85")


class StandardIn(In):
    code: Code = Field(description="A code that is there already gets its next version.")
    name: Line
    level: Level | None = Field(None, description="The only level whose units this grades; null for every level.")
    weights: Weights = Weights()
    bands: BandsIn = BandsIn()
    minimum_sample: Sample = Field(5, description="Observations that a criterion needs before it counts.")

    def scale(self) -> Scale:
        return Scale(
            weights={Criterion(name): weight for name, weight in self.weights.model_dump().items()},
            qualified=self.bands.qualified,
            excellent=self.bands.excellent,
            minimum_sample=self.minimum_sample,
        )


class Bands(Out):
    qualified: float
    excellent: float


class StandardOut(Out):
    id: UUID
    code: str
    version: int
    name: str
    level: Level | None
    weights: dict[Criterion, int]
    bands: Bands
    minimum_sample: int
    created_at: datetime

    @classmethod
    def of(cls, standard: Standard) -> Self:
        scale = standard.scale
        return cls(
            id=standard.id,
            code=standard.code,
            version=standard.version,
            name=standard.name,
            level=standard.level,
            weights=scale.weights,
            bands=Bands.model_validate(scale),
            minimum_sample=scale.minimum_sample,
            created_at=standard.created_at,
        )
