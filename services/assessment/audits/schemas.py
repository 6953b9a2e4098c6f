"""Audits as they are asked for and shown. What was drawn is for whoever may check it: those concerned could prepare it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from services.assessment.audits.models import AuditedItem, AuditedUnit, EvidenceAudit
from services.assessment.audits.rules import FEWEST, MOST_EACH, MOST_UNITS, Finding, Ground, Kind, Result
from services.assessment.grades.rules import SettledAs
from services.assessment.grading.schemas import Rate
from shared.types import Body, In, Line, Out

Words = Annotated[Body, StringConstraints(max_length=2_000)]


class AuditIn(In):
    units: Annotated[int, Field(ge=1, le=MOST_UNITS, strict=True, description="How many units, of those that have evidence.")]
    size: Annotated[int, Field(ge=1, le=MOST_EACH, strict=True, description="How many cases and visits of each.")]
    unit_id: UUID | None = Field(None, description="This unit and all below it; null for all that the campaign covers.")


class FindingIn(In):
    evidence_id: UUID
    finding: Finding
    ground: Ground = Field(description="What the finding rests on; each has its own.")
    note: Words = Field(description="What was seen. For those who audit; name no resident.")


class SettlementIn(In):
    settled_as: SettledAs = Field(description="Counted anew without what does not hold, or explained why it counts all the same.")
    reason: Line = Field(description="Whoever signs reads it, and the unit.")


class Found(Out):
    """What was found so far. What cannot be checked is neither for nor against."""

    drawn: int
    open: int
    upheld: int
    not_supported: int
    cannot_be_checked: int
    holding: Rate = Field(description="Upheld, of those that could be checked.")
    overdue: bool


class AuditOut(Found):
    """The units and then the evidence of each are drawn in the order of SHA-256 of `seed` followed by the id."""

    id: UUID
    campaign_id: UUID
    unit_id: UUID | None
    units: int
    size: int
    seed: UUID
    asked_at: datetime
    due_at: datetime
    drawing: bool = Field(description="Whether there is still something to draw: that follows within seconds.")

    @classmethod
    def of(cls, audit: EvidenceAudit, found: Result, now: datetime) -> Self:
        return cls.model_validate(
            {**audit.model_dump(exclude={"drawn"}), **_found(found, audit.due_at, now), "drawing": not audit.drawn}
        )


class AuditedUnitOut(Found):
    unit_id: UUID
    grade_id: UUID
    place: int
    population: int | None = Field(description="Of how many that counted; null before they are drawn.")
    auditor_id: UUID | None = Field(description="Not for the unit's own chain, which could press whoever checks it.")
    auditor_unit_id: UUID | None
    settled_as: SettledAs | None = Field(description="The reason stands with the grade, in `audit`.")
    settled_at: datetime | None
    new_grade_id: UUID | None = Field(description="The grade that was counted without what does not hold.")

    @classmethod
    def of(cls, unit: AuditedUnit, found: Result, due_at: datetime, now: datetime, *, named: bool) -> Self:
        hidden = {} if named else {"auditor_id": None, "auditor_unit_id": None}
        return cls.model_validate({**unit.model_dump(), **hidden, **_found(found, due_at, now)})


class AuditDetail(AuditOut):
    audited: list[AuditedUnitOut] = Field(description="In the order of the drawing.")


class AuditedItemOut(Out):
    evidence_id: UUID
    kind: Kind
    place: int
    finding: Finding | None
    ground: Ground | None
    note: str | None
    found_at: datetime | None


class AuditedUnitDetail(AuditedUnitOut):
    items: list[AuditedItemOut] = Field(description="In the order of the drawing.")

    @classmethod
    def with_items(cls, unit: AuditedUnit, items: Sequence[AuditedItem], due_at: datetime, now: datetime) -> Self:
        found = Result.of(Counter(item.finding for item in items))
        shown = [AuditedItemOut.model_validate(item) for item in items]
        return cls.model_validate({**unit.model_dump(), **_found(found, due_at, now), "items": shown})


class PublicAudit(Out):
    """How many pieces were drawn, and once each is checked what was found, unless that is of fewer than five."""

    id: UUID
    campaign_id: UUID
    unit_id: UUID | None
    seed: UUID
    asked_at: datetime
    due_at: datetime
    drawn: int
    open: int
    overdue: bool
    cannot_be_checked: int | None
    holding: Rate

    @classmethod
    def of(cls, audit: EvidenceAudit, found: Result, now: datetime) -> Self:
        suppressed = not audit.drawn or found.open > 0 or found.holding.n < FEWEST
        return cls.model_validate(
            {
                **audit.model_dump(exclude={"drawn"}),
                "drawn": found.drawn,
                "open": found.open,
                "overdue": found.is_overdue(audit.due_at, now),
                "cannot_be_checked": None if suppressed else found.cannot_be_checked,
                "holding": Rate.of(found.holding, suppressed=suppressed),
            }
        )


def _found(found: Result, due_at: datetime, now: datetime) -> dict[str, object]:
    names = ("drawn", "open", "upheld", "not_supported", "cannot_be_checked")
    holding, overdue = Rate.of(found.holding, suppressed=False), found.is_overdue(due_at, now)
    return {**{name: getattr(found, name) for name in names}, "holding": holding, "overdue": overdue}
