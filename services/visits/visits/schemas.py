"""Visits as they come in and go out."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.visits.contacts.schemas import ContactShown
from services.visits.findings.schemas import FindingDraft, FindingOut
from services.visits.promises.schemas import PromiseDraft, PromiseOut
from services.visits.visits.rules import Outcome, Present, VisitState
from shared.events.visits import VisitEffect
from shared.types import Code, Finite, In, Int64, Line, Moment, Out, Text

MOST_FINDINGS = 50
MOST_PROMISES = 20
MOST_CASES = 20
MOST_ANSWERS = 100

Answer = (
    Annotated[bool, Field(strict=True)]
    | Annotated[Int64, Field(strict=True)]
    | Annotated[Finite, Field(strict=True)]
    | Annotated[Text, StringConstraints(strict=True, max_length=63)]
)


class VisitRecord(In):
    outcome: Outcome
    occurred_at: Moment = Field(description="When it happened; the server keeps apart when it was entered.")
    reason: Line | None = Field(None, description="Needed for `cancelled`.")
    findings: Annotated[list[FindingDraft], Field(max_length=MOST_FINDINGS)] = Field(
        default=[], description="Difficulties found; each is reported and becomes a case."
    )
    promises: Annotated[list[PromiseDraft], Field(max_length=MOST_PROMISES)] = Field(
        default=[], description="What was promised, and by when."
    )
    answers: Annotated[dict[Code, Answer], Field(max_length=MOST_ANSWERS)] = Field(
        default={}, description="By the codes of the questions of the visit's template."
    )
    template_version: int | None = Field(
        None, ge=1, le=2**31 - 1, description="By which the answers were given; without it, the newest."
    )
    present: Present | None = Field(None, description="How many residents were met, coarsely; null when it is not said.")
    case_ids: Annotated[list[UUID], Field(max_length=MOST_CASES)] = Field(
        default=[], description="Cases of the unit's line that were filed at the visit, or that it served."
    )

    @property
    def brings(self) -> bool:
        """Whether it says anything that only a visit can bring."""
        return bool(self.promises or self.answers or self.present or self.case_ids)

    def notes(self) -> dict[str, str | None]:
        """All that was written in free words, by the names of their fields."""
        notes = {"body.reason": self.reason}
        for at, finding in enumerate(self.findings):
            notes |= {f"body.findings.{at}.title": finding.title, f"body.findings.{at}.body": finding.body}
        return notes | {f"body.promises.{at}.text": promise.text for at, promise in enumerate(self.promises)}


class VisitBrief(Out):
    id: UUID
    state: VisitState
    scheduled_at: datetime = Field(description="When it occurs by the plan; what an exception names.")
    window_starts_at: datetime
    window_ends_at: datetime


class VisitOut(VisitBrief):
    plan_id: UUID
    unit_id: UUID
    assignee_id: UUID
    post_id: UUID | None
    contact_id: UUID | None
    contact: ContactShown | None = Field(description="Who is visited, as long as the visit is to be made; for leads always.")
    purpose: str
    place: str
    population: str | None
    occurred_at: datetime | None
    recorded_at: datetime | None
    recorded_by: UUID | None
    late: bool = Field(description="Made or entered after its window: honest, and counted apart.")
    reason: str | None
    template_code: str | None
    template_version: int | None = Field(description="By which it was recorded.")
    present: Present | None
    counted_at: datetime | None = Field(
        description="Since when it counts: something was learned or done. Null while nothing was."
    )
    counted_by: VisitEffect | None


class VisitDetail(VisitOut):
    answers: dict[str, Answer] | None
    findings: list[FindingOut]
    promises: list[PromiseOut]
