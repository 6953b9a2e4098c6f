"""Scores as they are given and shown."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.assessment.scores.rules import MOST_POINTS, EvidenceKind
from shared.events.assessment import Part
from shared.types import Body, Code, In, Line, Out

MOST_EVIDENCE = 20
Words = Annotated[Body, StringConstraints(max_length=2_000)]
Link = Annotated[str, StringConstraints(max_length=1_000, pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?$")]


class EvidenceIn(In):
    """Something that can be looked up: by its id, or a document by its address."""

    kind: EvidenceKind
    id: UUID | None = None
    url: Link | None = Field(None, description="Of a document: https, without a name or password in it.")

    @model_validator(mode="after")
    def _leads_to_one_thing(self) -> Self:
        if (self.id is None) == (self.url is None):
            raise PydanticCustomError("evidence", "say either id or url")
        if self.url is not None and self.kind is not EvidenceKind.document:
            raise PydanticCustomError("evidence", "only a document has a url: say the id")
        return self


class ScoreIn(In):
    unit_id: UUID
    criterion: Code = Field(description="The code of a criterion of the campaign's standard.")
    part: Part = Field(description="`self` for the unit's own lead and officials, `inspector` for inspectors.")
    points: Annotated[int, Field(strict=True, ge=0, le=MOST_POINTS)]
    evidence: Annotated[tuple[EvidenceIn, ...], Field(min_length=1, max_length=MOST_EVIDENCE)]
    reason: Words = Field(description="The unit reads it. Name no resident.")


class WithdrawalIn(In):
    reason: Line = Field(description="The unit reads it.")


class EvidenceOut(Out):
    kind: EvidenceKind
    id: UUID | None
    url: str | None


class ScoreOut(Out):
    id: UUID
    campaign_id: UUID
    unit_id: UUID
    criterion: str
    part: Part
    points: int
    evidence: list[EvidenceOut]
    reason: str
    rule: str = Field(description="By which its author was let score.")
    by_unit_id: UUID | None = Field(description="The author's unit; null for an inspector of no unit.")
    account_id: UUID | None = Field(
        description="The author, as far as you may know: yourself, and for administrators and inspectors from outside the unit's "
        "chain everybody."
    )
    given_at: datetime
    counts: bool = Field(description="Whether it is the author's newest for this criterion and not withdrawn.")
    withdrawn_at: datetime | None
    withdrawal_reason: str | None
