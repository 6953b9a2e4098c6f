"""Reading grades: the evidence that a new one rests on, and those that there are."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, TextClause, and_, false, not_, or_, select, text, true
from sqlmodel import col

from services.assessment.campaigns.models import Campaign
from services.assessment.campaigns.rules import counts_from
from services.assessment.decisions.queries import sees_persons
from services.assessment.grades.models import STANDS, TO_BE_SIGNED, GradeSignature, UnitGrade
from services.assessment.grades.rules import (
    AuditFound,
    Counted,
    Evidence,
    Excluded,
    GateEvidence,
    StandardEvidence,
    rejudge,
)
from services.assessment.grades.schemas import GradeOut, PublicGrade, Recomputation
from services.assessment.grading.queries import Facts, facts_of
from services.assessment.grading.rules.evidence import Evidence as Known
from services.assessment.grading.rules.evidence import observe
from services.assessment.grading.rules.gates import GateCode
from services.assessment.grading.rules.judging import Verdict, judge
from services.assessment.indicators.models import CaseEvidence
from services.assessment.indicators.queries import measure_without
from services.assessment.indicators.rules import Period
from services.assessment.scopes.queries import among, units_of
from services.assessment.standards.models import Standard
from services.assessment.standards.queries import get_standard
from services.assessment.standards.rules import Terms
from services.assessment.units.models import Unit
from services.assessment.units.queries import get_unit
from shared.auth import Principal, Role
from shared.errors import NotFound
from shared.pages import Page, cut, decode_cursor
from shared.units import UnitDirectory
from shared.uow import UnitOfWork

NOTHING: Excluded = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Counting:
    """What counts for some units by a standard, in a period."""

    standard: StandardEvidence
    terms: Terms
    period: Period
    counted_at: datetime
    units: UnitDirectory
    facts: Facts

    def judge(self, unit_id: UUID) -> tuple[Evidence, Verdict]:
        """As `rejudge` does from the evidence."""
        known = self._known(unit_id)
        return self._keep(known), judge(self.terms, known, in_full=False)

    def evidence(self, unit_id: UUID) -> Evidence:
        return self._keep(self._known(unit_id))

    def _known(self, unit_id: UUID) -> Known:
        unit = self.units.get(unit_id)
        assert unit is not None
        return self.facts.evidence(unit_id, unit.level, self.terms)

    def _keep(self, known: Known) -> Evidence:
        found = {GateCode.retaliation: known.retaliations, GateCode.upheld_alarm: known.alarms}
        assert self.period.since is not None
        assert self.period.until is not None
        return Evidence(
            level=known.level,
            criteria={code: Counted.keep(observed) for code, observed in known.criteria.items()},
            floors={indicator: Counted.keep(observed) for indicator, observed in known.floors.items()},
            gates={code: GateEvidence(gate.count, gate.first_at, gate.last_at) for code, gate in found.items() if gate},
            standard=self.standard,
            since=self.period.since,
            until=self.period.until,
            counted_at=self.counted_at,
        )


async def count(uow: UnitOfWork, campaign: Campaign, units: Collection[UUID], period: Period | None = None) -> Counting:
    """By the campaign's standard, in its period or in the one that is given. As many queries for one unit as for thousands."""
    standard = await get_standard(uow, campaign.standard_id)
    terms = standard.terms
    asked = period or Period(since=counts_from(campaign.starts_at), until=campaign.ends_at)
    return Counting(
        standard=StandardEvidence(standard.id, standard.code, standard.version),
        terms=terms,
        period=asked,
        counted_at=uow.now(),
        units=uow.units,
        facts=await facts_of(uow, units, asked, campaign_id=campaign.id, asked=[terms]),
    )


async def assess(uow: UnitOfWork, campaign: Campaign, unit_id: UUID, period: Period, *, excluded: Excluded = NOTHING) -> Evidence:
    """What counts for one unit, as if nothing `excluded` were its own. A query more for each criterion with some."""
    counting = await count(uow, campaign, [unit_id], period)
    found = counting.evidence(unit_id)
    for criterion in counting.terms.criteria:
        if (cases := excluded.get(criterion.code)) and criterion.indicator is not None:
            rest = observe(await measure_without(uow, unit_id, period, cases), criterion.indicator)
            if criterion.normalisation is not None:
                rest = msgspec.structs.replace(rest, of=found.criteria[criterion.code].observed().of)
            found = _exclude(found, criterion.code, Counted.keep(rest), cases)
    return found


def _exclude(evidence: Evidence, code: str, rest: Counted, cases: Sequence[UUID]) -> Evidence:
    criteria, excluded = {**evidence.criteria, code: rest}, {**evidence.excluded, code: tuple(cases)}
    return msgspec.structs.replace(evidence, criteria=criteria, excluded=excluded)


async def uncounted(uow: UnitOfWork, unit_id: UUID, cases: Collection[UUID]) -> set[UUID]:
    """Those that are no cases of the unit."""
    statement = select(col(CaseEvidence.case_id)).where(
        col(CaseEvidence.case_id).in_(cases), col(CaseEvidence.unit_id) == unit_id
    )
    return set(cases) - set(await uow.session.scalars(statement))


def in_chain(uow: UnitOfWork, principal: Principal, unit_id: UUID) -> bool:
    """Whether the caller belongs to the unit, to one above or to one below it. Where it cannot be told, they do."""
    if principal.unit_id is None:
        return principal.role is not Role.inspector
    if uow.units.get(principal.unit_id) is None:
        return True
    return uow.units.covers(principal.unit_id, unit_id) or uow.units.covers(unit_id, principal.unit_id)


def visible(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    """SQL for the grades that the caller sees in full: all, for those who assess; those of the own units, for those who answer
    for them; and what a lead outside the chain may sign, while it is to be signed."""
    if principal.role in (Role.admin, Role.inspector):
        return true()
    unit = col(UnitGrade.unit_id)
    own = among(unit, units_of(uow, principal))
    if principal.role is not Role.lead or principal.unit_id is None:
        return own if principal.role is Role.official else false()
    above = [one.id for one in uow.units.chain(principal.unit_id)]
    return or_(own, and_(text(TO_BE_SIGNED), not_(among(unit, above))))


async def find_grade(uow: UnitOfWork, principal: Principal, grade_id: UUID) -> UnitGrade:
    """Raises `NotFound` (grade-not-found)."""
    grade = await uow.session.scalar(select(UnitGrade).where(col(UnitGrade.id) == grade_id, visible(uow, principal)))
    if grade is None:
        raise NotFound("grade-not-found", "There is no grade with this id that you may see.")
    return grade


async def standing_grade(uow: UnitOfWork, unit_id: UUID) -> UnitGrade | None:
    """What is shown as the unit's grade."""
    statement = select(UnitGrade).where(col(UnitGrade.unit_id) == unit_id, text(STANDS))
    return await uow.session.scalar(statement)


async def find_standing_grade(uow: UnitOfWork, unit_id: UUID) -> UnitGrade:
    """Raises `NotFound` (grade-not-published)."""
    grade = await standing_grade(uow, unit_id)
    if grade is None:
        raise NotFound("grade-not-published", "No grade of this unit has been published yet.")
    return grade


async def terms_of(uow: UnitOfWork, grades: Collection[UnitGrade]) -> dict[UUID, Terms]:
    """What their standards ask for, by standard. One query for all of them."""
    statement = select(Standard).where(col(Standard.id).in_({grade.standard_id for grade in grades}))
    return {standard.id: standard.terms for standard in await uow.session.scalars(statement)}


def audit_of(grade: UnitGrade) -> AuditFound | None:
    """What the audit of a sample found of its evidence."""
    return None if grade.audit is None else AuditFound.model_validate(grade.audit)


async def signatures_of(uow: UnitOfWork, grades: Iterable[UnitGrade]) -> dict[UUID, list[GradeSignature]]:
    """In the order in which they were given. One query for all of them."""
    found: dict[UUID, list[GradeSignature]] = {grade.id: [] for grade in grades}
    statement = select(GradeSignature).where(col(GradeSignature.grade_id).in_(found)).order_by(col(GradeSignature.id))
    for signature in await uow.session.scalars(statement):
        found[signature.grade_id].append(signature)
    return found


async def show_grades(uow: UnitOfWork, principal: Principal, grades: Sequence[UnitGrade]) -> list[GradeOut]:
    """For somebody who may see them."""
    signatures, terms = await signatures_of(uow, grades), await terms_of(uow, grades)
    named = sees_persons(principal)
    return [GradeOut.of(grade, terms[grade.standard_id], signatures[grade.id], audit_of(grade), named=named) for grade in grades]


async def show_grade(uow: UnitOfWork, principal: Principal, grade: UnitGrade) -> GradeOut:
    [shown] = await show_grades(uow, principal, [grade])
    return shown


async def list_grades(
    uow: UnitOfWork, principal: Principal, given: Mapping[str, object], *, limit: int, cursor: str | None
) -> Page[GradeOut]:
    """A page of the grades that the caller may see, oldest first. Raises `Invalid` (malformed-cursor)."""
    rows, following = await _page(uow, visible(uow, principal), given, limit=limit, cursor=cursor)
    return Page(items=await show_grades(uow, principal, rows), next_cursor=following)


async def list_unit_grades(
    uow: UnitOfWork, principal: Principal, unit_id: UUID, *, limit: int, cursor: str | None
) -> Page[GradeOut]:
    """The history of a unit, as far as the caller may see it. Raises `NotFound` (unit-not-found)."""
    await get_unit(uow, unit_id)
    return await list_grades(uow, principal, {"unit_id": unit_id}, limit=limit, cursor=cursor)


async def recompute_grade(uow: UnitOfWork, principal: Principal, grade_id: UUID) -> Recomputation:
    """From what is stored with it by the standard that it names, and nothing else. Raises `NotFound` (grade-not-found)."""
    grade = await find_grade(uow, principal, grade_id)
    terms = await terms_of(uow, [grade])
    return Recomputation.of(grade, rejudge(Evidence.of(grade.evidence), terms[grade.standard_id]))


async def get_public_grade(uow: UnitOfWork, unit_id: UUID) -> PublicGrade:
    """What anybody may know. Raises `NotFound` (unit-not-found, grade-not-published)."""
    unit = await get_unit(uow, unit_id)
    grade = await find_standing_grade(uow, unit_id)
    [shown] = await _show_public(uow, [(grade, unit)])
    return shown


async def list_public_grades(
    uow: UnitOfWork, given: Mapping[str, object], *, limit: int, cursor: str | None
) -> Page[PublicGrade]:
    """A page of the grades that stand, oldest first. Raises `Invalid` (malformed-cursor)."""
    rows, following = await _page(uow, text(STANDS), given, limit=limit, cursor=cursor)
    statement = select(Unit).where(col(Unit.id).in_([grade.unit_id for grade in rows]))
    units = {unit.id: unit for unit in await uow.session.scalars(statement)}
    return Page(items=await _show_public(uow, [(grade, units[grade.unit_id]) for grade in rows]), next_cursor=following)


async def _show_public(uow: UnitOfWork, found: Sequence[tuple[UnitGrade, Unit]]) -> list[PublicGrade]:
    grades = [grade for grade, _ in found]
    signatures, terms = await signatures_of(uow, grades), await terms_of(uow, grades)
    return [PublicGrade.of(grade, terms[grade.standard_id], unit, len(signatures[grade.id])) for grade, unit in found]


async def _page(
    uow: UnitOfWork, seen: ColumnElement[bool] | TextClause, given: Mapping[str, object], *, limit: int, cursor: str | None
) -> tuple[Sequence[UnitGrade], str | None]:
    statement = select(UnitGrade).where(seen).filter_by(**given).order_by(col(UnitGrade.id)).limit(limit + 1)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(UnitGrade.id) > after)
    return cut((await uow.session.scalars(statement)).all(), limit, lambda grade: grade.id)
