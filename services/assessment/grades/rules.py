"""From stored evidence to a grade, and what may become of it. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Self
from uuid import UUID

import msgspec
from pydantic import BaseModel, ConfigDict

from services.assessment.alarms.rules import Upheld
from services.assessment.grading.rules.evidence import Evidence as Known
from services.assessment.grading.rules.evidence import Observed
from services.assessment.grading.rules.gates import GateCode
from services.assessment.grading.rules.judging import Grade, GradeValue, Verdict, grade, judge
from services.assessment.indicators.rules import Indicator, Period, Retaliations
from services.assessment.standards.rules import Terms
from shared.errors import Conflict, Forbidden
from shared.practices import GradeTerms
from shared.types import Level

SIGNATURES = 2
Excluded = Mapping[str, Sequence[UUID]]


class Rule(StrEnum):
    """By which rule something about a grade was decided."""

    by_standard = "grade.by-standard"
    outside_the_chain = "grade.signer-outside-the-chain"
    two_signatures = "grade.two-signatures"
    returned = "grade.returned-with-reason"
    corrected = "grade.corrected-on-objection"
    corrected_on_audit = "grade.corrected-on-audit"
    counted_anew = "grade.counted-anew"
    window_passed = "grade.objection-window-passed"
    newest_stands = "grade.newest-stands"
    term_ended = "grade.term-ended"


class GradeState(StrEnum):
    """`signed`: once, and to be signed again. `corrected`: an objection was upheld, and its successor is not signed yet."""

    proposed = "proposed"
    signed = "signed"
    published = "published"
    under_objection = "under_objection"
    confirmed = "confirmed"
    corrected = "corrected"
    superseded = "superseded"
    expired = "expired"


class GradeCause(StrEnum):
    """Why it was proposed."""

    campaign = "campaign"
    correction = "correction"
    reassessment = "reassessment"


TRANSITIONS: Mapping[GradeState, frozenset[GradeState]] = {
    GradeState.proposed: frozenset({GradeState.signed, GradeState.proposed}),
    GradeState.signed: frozenset({GradeState.published, GradeState.proposed}),
    GradeState.published: frozenset(
        {GradeState.under_objection, GradeState.confirmed, GradeState.superseded, GradeState.expired}
    ),
    GradeState.under_objection: frozenset({GradeState.confirmed, GradeState.corrected}),
    GradeState.confirmed: frozenset({GradeState.superseded, GradeState.expired}),
    GradeState.corrected: frozenset({GradeState.superseded, GradeState.expired}),
    GradeState.expired: frozenset({GradeState.superseded}),
    GradeState.superseded: frozenset(),
}
"""What was objected to is decided before anything takes its place."""
PENDING = frozenset({GradeState.proposed, GradeState.signed})
STANDING = frozenset(
    {GradeState.published, GradeState.under_objection, GradeState.confirmed, GradeState.corrected, GradeState.expired}
)
"""A unit has one of these at most: what is shown as its grade."""


class Counted(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """As `Observed`; `of` is a fraction where the hits are set against something else than the observations."""

    hits: int
    n: int
    of: str | None = None
    voices: int | None = None

    @classmethod
    def keep(cls, observed: Observed) -> Self:
        of = observed.of
        fraction = None if of == observed.n else f"{of.numerator}/{of.denominator}"
        return cls(observed.hits, observed.n, fraction, observed.voices)

    def observed(self) -> Observed:
        return Observed(self.hits, self.n if self.of is None else Fraction(self.of), self.n, self.voices)


class GateEvidence(msgspec.Struct, frozen=True):
    count: int
    first_at: datetime
    last_at: datetime


class StandardEvidence(msgspec.Struct, frozen=True):
    """Which version of which standard: what has been active is never changed, the database sees to it."""

    id: UUID
    code: str
    version: int


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that a grade follows from by its standard, as it is stored with it. `excluded`: by criterion, cases and visits that a
    correction took out."""

    level: Level
    criteria: dict[str, Counted]
    standard: StandardEvidence
    since: datetime
    until: datetime
    counted_at: datetime
    floors: dict[Indicator, Counted] = {}
    gates: dict[GateCode, GateEvidence] = {}
    excluded: dict[str, tuple[UUID, ...]] = {}

    @classmethod
    def of(cls, stored: Mapping[str, object]) -> Self:
        return msgspec.convert(stored, cls)

    @property
    def period(self) -> Period:
        return Period(since=self.since, until=self.until)

    def known(self) -> Known:
        found, upheld = (self.gates.get(code) for code in (GateCode.retaliation, GateCode.upheld_alarm))
        return Known(
            level=self.level,
            criteria={code: counted.observed() for code, counted in self.criteria.items()},
            floors={indicator: counted.observed() for indicator, counted in self.floors.items()},
            retaliations=Retaliations(found.count, found.first_at, found.last_at) if found else None,
            alarms=Upheld(upheld.count, upheld.first_at, upheld.last_at) if upheld else None,
        )


class SettledAs(StrEnum):
    """What became of evidence that does not hold: the grade was counted without it, or somebody said why it stays."""

    counted_anew = "counted_anew"
    explained = "explained"


class Settlement(BaseModel):
    model_config = ConfigDict(frozen=True)

    settled_as: SettledAs
    reason: str
    at: datetime


class AuditFound(BaseModel):
    """What the audit of a sample found of the evidence behind a grade: `drawn` pieces, to be checked by `due_at`."""

    model_config = ConfigDict(frozen=True)

    audit_id: UUID
    auditor_id: UUID | None
    due_at: datetime
    drawn: int
    upheld: int
    not_supported: int
    cannot_be_checked: int
    settlement: Settlement | None = None

    @property
    def open(self) -> int:
        return self.drawn - self.upheld - self.not_supported - self.cannot_be_checked


def without(taken_out: Excluded, more: Excluded) -> dict[str, tuple[UUID, ...]]:
    """What is not to count any more, by criterion: each once."""
    codes = sorted({*taken_out, *more})
    return {code: tuple(dict.fromkeys((*taken_out.get(code, ()), *more.get(code, ())))) for code in codes}


def check_audited(found: AuditFound | None, account_id: UUID, now: datetime) -> None:
    """Who audited does not sign, and nobody does before an audit is done or overdue, and what it found not to hold is settled.

    Raises `Forbidden` (grade-audited-by-you), `Conflict` (grade-under-audit, grade-audit-unsettled).
    """
    if found is None:
        return
    if found.auditor_id == account_id:
        raise Forbidden("grade-audited-by-you", "You audited the evidence of this grade: somebody else outside the chain signs.")
    if found.not_supported and found.settlement is None:
        raise Conflict(
            "grade-audit-unsettled",
            f"An audit found {found.not_supported} pieces of its evidence not to hold: settle them first, with POST "
            "/v1/campaigns/{campaign_id}/audits/{audit_id}/units/{unit_id}/settle, then read the grade again.",
        )
    if found.open and found.settlement is None and now <= found.due_at:
        raise Conflict(
            "grade-under-audit",
            f"{found.open} pieces of its evidence are being audited: sign once they are, or after {found.due_at:%Y-%m-%d}.",
        )


def rejudge(evidence: Evidence, terms: Terms) -> Verdict:
    """The grade that follows from the evidence, to the last digit, whenever it is asked.

    A grade is published, so it rests on `FEWEST` residents at least, for whoever reads it.
    """
    return judge(terms, evidence.known(), in_full=False)


def recompute(evidence: Evidence, terms: Terms) -> Grade:
    """As `rejudge`, with the tree that explains it."""
    return grade(terms, evidence.known(), in_full=False)


def unveil(found: Grade) -> Grade:
    """The same grade for those who answer for the unit or sign: no figure is hidden."""
    return replace(found, parts=tuple(replace(part, hidden=False) for part in found.parts))


def exact(composite: Fraction | None) -> str | None:
    """As it is stored: numerator and denominator."""
    return None if composite is None else f"{composite.numerator}/{composite.denominator}"


def move(state: GradeState, to: GradeState) -> GradeState:
    """The next state. Raises `Conflict` (grade-state)."""
    if to in TRANSITIONS[state]:
        return to
    following = " or ".join(sorted(TRANSITIONS[state]))
    raise Conflict("grade-state", f"This grade is {state}: it can become {following or 'nothing else'}, not {to}.")


def after_signature(before: int) -> GradeState:
    """What a grade with so many signatures becomes by one more."""
    return GradeState.published if before + 1 >= SIGNATURES else GradeState.signed


def check_outside(in_chain: bool) -> None:
    """Nobody assesses their own unit, one above or one below it. Raises `Forbidden` (grade-in-your-chain)."""
    if in_chain:
        raise Forbidden("grade-in-your-chain", "Your unit is this one, or above or below it: somebody outside its chain decides.")


def check_not_signed(account_id: UUID, signers: Collection[UUID]) -> None:
    """Raises `Conflict` (grade-signed-by-you)."""
    if account_id in signers:
        raise Conflict("grade-signed-by-you", "You have signed this grade: somebody else outside the chain signs or decides now.")


def check_nothing_objected(standing: GradeState | None) -> None:
    """Raises `Conflict` (grade-under-objection)."""
    if standing is GradeState.under_objection:
        raise Conflict(
            "grade-under-objection", "The grade that this one would take the place of is under objection: that is decided first."
        )


def check_stands(state: str) -> None:
    """Raises `Conflict` (grade-state)."""
    if state not in STANDING:
        raise Conflict("grade-state", f"This grade is {state}: it is history, and nothing is counted in its place.")


def check_begun(starts_at: datetime, now: datetime) -> None:
    """Raises `Conflict` (campaign-not-begun)."""
    if now < starts_at:
        raise Conflict("campaign-not-begun", "This campaign has not begun: nothing has been measured yet.")


def terms_of(published_at: datetime, value: GradeValue, terms: GradeTerms) -> tuple[datetime, datetime, datetime | None]:
    """Until when a grade can be objected to, until when it is valid, and by when an unqualified unit owes a plan."""
    objection, validity, plan = (
        published_at + timedelta(days=days) for days in (terms.objection_days, terms.validity_days, terms.upgrade_plan_days)
    )
    return objection, validity, plan if value is GradeValue.unqualified else None


def can_be_objected(state: GradeState, objectable_until: datetime | None, now: datetime) -> bool:
    return state is GradeState.published and objectable_until is not None and now <= objectable_until
