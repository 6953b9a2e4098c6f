"""Standards as they are asked for and shown."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.assessment.standards.models import Standard
from services.assessment.standards.rules import Bands, Criterion, DeclaredGate, Floor, State, Terms
from shared.types import Body, Code, In, Level, Line, Out

CommentDays = Annotated[int, Field(ge=7, le=180)]


class StandardIn(Terms):
    """The terms of a version, open to comments before they can hold."""

    code: Code = Field(description="A code that is there already gets its next version.")
    name: Line
    level: Level | None = Field(None, description="The only level whose units this grades; null for every level.")
    comment_days: CommentDays | None = Field(
        None, description="So long residents may comment before it can become active; as the policy of its level when left out."
    )

    def terms(self) -> Terms:
        return Terms(**{name: getattr(self, name) for name in Terms.model_fields})


class WithdrawalIn(In):
    reason: Body


class StandardOut(Out):
    """`changes` and `reason`: since its activation, what is different from the version before, and why."""

    id: UUID
    code: str
    version: int
    name: str
    level: Level | None
    state: State
    criteria: tuple[Criterion, ...]
    floors: tuple[Floor, ...]
    gates: tuple[DeclaredGate, ...]
    bands: Bands
    level_bands: dict[Level, Bands]
    comments_until: datetime
    created_at: datetime
    activated_at: datetime | None
    reason: str | None
    changes: list[str]

    @classmethod
    def of(cls, standard: Standard) -> Self:
        terms = standard.terms
        told = {name: getattr(terms if name in Terms.model_fields else standard, name) for name in cls.model_fields}
        return cls.model_validate(told)


class ChangesOut(Out):
    """What this version changes of the one that is active; of itself when it is that."""

    standard_id: UUID
    compared_with: UUID | None
    changes: list[str]
