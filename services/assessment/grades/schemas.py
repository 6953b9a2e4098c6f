"""Grades as they are shown: in full to those who answer for the unit or assess it, k-anonymous to everybody."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from services.assessment.grades.models import GradeRun, GradeSignature, UnitGrade
from services.assessment.grades.rules import (
    PENDING,
    SIGNATURES,
    AuditFound,
    Evidence,
    GradeCause,
    GradeState,
    SettledAs,
    exact,
    recompute,
    unveil,
)
from services.assessment.grading.rules.judging import Grade, GradeValue, Verdict
from services.assessment.grading.schemas import Explanation, StandardUsed, composite_of
from services.assessment.standards.rules import Terms
from services.assessment.units.models import Unit
from shared.auth import Role
from shared.errors import DomainError
from shared.types import In, Level, Line, Out


class ProposalIn(In):
    unit_id: UUID | None = Field(None, description="This unit and all below it; null for all that the campaign covers.")


class ReturnIn(In):
    reason: Line = Field(description="Why it is not signed. It is counted anew, and both read this.")


class SeenGrade(In):
    grade_id: UUID
    version: Annotated[int, Field(ge=1, description="Of the grade as you read it, as its `ETag` says.")]


class SignaturesIn(In):
    grades: Annotated[tuple[SeenGrade, ...], Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def once(self) -> Self:
        if len({each.grade_id for each in self.grades}) < len(self.grades):
            raise ValueError("a grade is named more than once")
        return self


class SignatureOutcome(Out):
    grade_id: UUID
    state: GradeState | None = Field(description="What it is now; null when it was not signed.")
    problem: str | None = Field(description="Why it was not signed, in the code that signing it alone is refused with.")
    detail: str | None


class SignaturesOut(Out):
    """In the order in which they were named."""

    items: list[SignatureOutcome]

    @classmethod
    def of(cls, outcomes: Mapping[UUID, UnitGrade | DomainError]) -> Self:
        return cls(items=[_outcome(grade_id, outcome) for grade_id, outcome in outcomes.items()])


class RunOut(Out):
    """Proposing goes on by itself while it is not finished: list the grades with `GET /v1/grades?campaign_id=...`."""

    campaign_id: UUID
    unit_id: UUID
    proposed: int = Field(description="How many have been proposed, or counted anew, by this answer.")
    finished: bool

    @classmethod
    def of(cls, run: GradeRun, proposed: int) -> Self:
        finished = run.finished_at is not None
        return cls(campaign_id=run.campaign_id, unit_id=run.unit_id, proposed=proposed, finished=finished)


class SignatureOut(Out):
    role: Role
    unit_id: UUID | None = Field(description="The unit of whoever signed, which is outside the chain of the one graded.")
    account_id: UUID | None = Field(description="For inspectors and administrators only.")
    signed_at: datetime


class PeriodCounted(Out):
    starts_at: datetime
    ends_at: datetime
    counted_at: datetime


class CorrectionShown(Out):
    """What an objection or an audit changed, and why. `value`s are those of the whole grade."""

    criterion: str
    value_before: GradeValue
    value_after: GradeValue
    reason: str
    rule: str
    objection_id: UUID | None = None
    audit_id: UUID | None = None
    at: datetime


class Figures(Out):
    hits: int
    n: int


class CorrectionOut(CorrectionShown):
    before: Figures
    after: Figures
    excluded_case_ids: list[UUID] = Field(description="Cases or visits.")


class GradeAudit(Out):
    """What an audit of a sample found of the evidence behind it. It is not signed before that is done or overdue, and settled."""

    audit_id: UUID
    due_at: datetime
    drawn: int
    upheld: int
    not_supported: int
    cannot_be_checked: int
    open: int
    settled_as: SettledAs | None
    reason: str | None = Field(description="Why it was settled so.")
    settled_at: datetime | None

    @classmethod
    def of(cls, found: AuditFound) -> Self:
        settled = found.settlement
        return cls(
            **found.model_dump(exclude={"auditor_id", "settlement"}),
            open=found.open,
            settled_as=settled and settled.settled_as,
            reason=settled and settled.reason,
            settled_at=settled and settled.at,
        )


class GradeHead(Out):
    id: UUID
    unit_id: UUID
    campaign_id: UUID
    state: GradeState
    cause: GradeCause
    value: GradeValue
    reason: str
    composite: float | None
    explanation: Explanation
    period: PeriodCounted
    signatures_given: int
    signatures_needed: int
    supersedes_id: UUID | None
    published_at: datetime | None
    objectable_until: datetime | None
    valid_until: datetime | None
    plan_due_at: datetime | None = Field(description="By when an unqualified unit owes a plan of how it becomes qualified.")


class GradeOut(GradeHead):
    composite_exact: str | None = Field(description="Numerator/denominator: what a recomputation must give.")
    version: int = Field(description="Grows when it is counted anew; the `ETag` to sign with.")
    proposed_at: datetime
    signatures: list[SignatureOut] = Field(description="By whom. For those who do not assess, once it is published.")
    corrections: list[CorrectionOut]
    audit: GradeAudit | None

    @classmethod
    def of(
        cls, grade: UnitGrade, terms: Terms, signatures: list[GradeSignature], audit: AuditFound | None, *, named: bool
    ) -> Self:
        evidence = Evidence.of(grade.evidence)
        return cls.model_validate(
            {
                **grade.model_dump(),
                **_shown(evidence, terms, unveil(recompute(evidence, terms)), len(signatures)),
                "composite_exact": grade.composite,
                "audit": GradeAudit.of(audit) if audit else None,
                "signatures": [_signature(each, named=named) for each in signatures] if named or not _pending(grade) else [],
            }
        )


class PublicGrade(GradeHead):
    """No person is in it. The figures of a criterion that rests on fewer than five residents are not shown."""

    code: str
    name: str
    level: Level
    corrections: list[CorrectionShown]

    @classmethod
    def of(cls, grade: UnitGrade, terms: Terms, unit: Unit, signatures: int) -> Self:
        evidence = Evidence.of(grade.evidence)
        shown = _shown(evidence, terms, recompute(evidence, terms), signatures)
        return cls.model_validate({**grade.model_dump(), "code": unit.code, "name": unit.name, "level": unit.level, **shown})


class Recomputation(Out):
    """The grade as it follows from the stored evidence, beside the one that is stored."""

    grade_id: UUID
    value: GradeValue
    composite_exact: str | None
    stored_value: GradeValue
    stored_composite_exact: str | None
    same: bool

    @classmethod
    def of(cls, grade: UnitGrade, found: Verdict) -> Self:
        composite = exact(found.composite)
        return cls(
            grade_id=grade.id,
            value=found.value,
            composite_exact=composite,
            stored_value=GradeValue(grade.value),
            stored_composite_exact=grade.composite,
            same=(found.value, composite, found.reason) == (grade.value, grade.composite, grade.reason),
        )


def _outcome(grade_id: UUID, outcome: UnitGrade | DomainError) -> SignatureOutcome:
    if isinstance(outcome, DomainError):
        return SignatureOutcome(grade_id=grade_id, state=None, problem=outcome.slug, detail=outcome.detail)
    return SignatureOutcome(grade_id=grade_id, state=GradeState(outcome.state), problem=None, detail=None)


def _pending(grade: UnitGrade) -> bool:
    return grade.state in PENDING


def _signature(signature: GradeSignature, *, named: bool) -> SignatureOut:
    account_id = signature.account_id if named else None
    return SignatureOut.model_validate({**signature.model_dump(), "account_id": account_id})


def _shown(evidence: Evidence, terms: Terms, found: Grade, signatures: int) -> dict[str, object]:
    return {
        "composite": composite_of(found),
        "explanation": explain(evidence, terms, found),
        "period": PeriodCounted(starts_at=evidence.since, ends_at=evidence.until, counted_at=evidence.counted_at),
        "signatures_given": signatures,
        "signatures_needed": SIGNATURES,
    }


def explain(evidence: Evidence, terms: Terms, found: Grade) -> Explanation:
    """The tree of a grade that was found from this evidence by these terms."""
    standard, bands = evidence.standard, terms.bands_for(evidence.level)
    return Explanation.of(found, StandardUsed(id=standard.id, code=standard.code, version=standard.version, bands=bands))
