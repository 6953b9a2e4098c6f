"""Reading grades: the evidence that a new one rests on, and those that there are."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import ColumnElement, TextClause, and_, false, not_, or_, select, text, true
from sqlmodel import col

from services.assessment.campaigns.models import Campaign
from services.assessment.campaigns.rules import counts_from
from services.assessment.decisions.queries import sees_persons
from services.assessment.grades.models import STANDS, TO_BE_SIGNED, GradeSignature, UnitGrade
from services.assessment.grades.rules import Counted, Evidence, GateEvidence, StandardEvidence, recompute
from services.assessment.grades.schemas import GradeOut, PublicGrade, Recomputation
from services.assessment.grading.queries import facts_of
from services.assessment.grading.rules import Evidence as Known
from services.assessment.grading.rules import GateCode, observe
from services.assessment.indicators.models import CaseEvidence
from services.assessment.indicators.queries import measure_without
from services.assessment.indicators.rules import Period
from services.assessment.scopes.queries import among, units_of
from services.assessment.standards.queries import get_standard
from services.assessment.units.models import Unit
from services.assessment.units.queries import get_unit
from shared.auth import Principal, Role
from shared.errors import NotFound
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork

Excluded = Mapping[str, Sequence[UUID]]
NOTHING: Excluded = MappingProxyType({})


async def assess(
    uow: UnitOfWork, campaign: Campaign, units: Collection[UUID], *, period: Period | None = None, excluded: Excluded = NOTHING
) -> dict[UUID, Evidence]:
    """What counts for each of the units by the campaign's standard, in its period or in the one that is given.

    As many queries for one as for all of them, and for one unit one more for each criterion that has `excluded` cases.
    """
    standard = await get_standard(uow, campaign.standard_id)
    counted = period or Period(since=counts_from(campaign.starts_at), until=campaign.ends_at)
    rows = (await uow.session.scalars(select(Unit).where(col(Unit.id).in_(units)))).all()
    facts = await facts_of(uow, rows, counted, campaign_id=campaign.id)
    kept = StandardEvidence(id=standard.id, code=standard.code, version=standard.version, terms=standard.terms)
    found = {unit.id: _evidence(kept, counted, facts.evidence(unit, kept.terms), uow.now()) for unit in rows}
    for criterion in kept.terms.criteria:
        if (cases := excluded.get(criterion.code)) and criterion.indicator is not None:
            for unit_id in units:
                rest = observe(await measure_without(uow, unit_id, counted, cases), criterion.indicator)
                found[unit_id] = _exclude(found[unit_id], criterion.code, Counted.keep(rest), cases)
    return found


def _evidence(standard: StandardEvidence, period: Period, known: Known, now: datetime) -> Evidence:
    assert period.since is not None
    assert period.until is not None
    found = known.retaliations
    return Evidence(
        level=known.level,
        criteria={code: Counted.keep(observed) for code, observed in known.criteria.items()},
        floors={indicator: Counted.keep(observed) for indicator, observed in known.floors.items()},
        gates={GateCode.retaliation: GateEvidence.model_validate(found, from_attributes=True)} if found else {},
        standard=standard,
        since=period.since,
        until=period.until,
        counted_at=now,
    )


def _exclude(evidence: Evidence, code: str, rest: Counted, cases: Sequence[UUID]) -> Evidence:
    return evidence.model_copy(
        update={"criteria": {**evidence.criteria, code: rest}, "excluded": {**evidence.excluded, code: tuple(cases)}}
    )


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


async def signatures_of(uow: UnitOfWork, grades: Iterable[UnitGrade]) -> dict[UUID, list[GradeSignature]]:
    """In the order in which they were given. One query for all of them."""
    found: dict[UUID, list[GradeSignature]] = {grade.id: [] for grade in grades}
    statement = select(GradeSignature).where(col(GradeSignature.grade_id).in_(found)).order_by(col(GradeSignature.id))
    for signature in await uow.session.scalars(statement):
        found[signature.grade_id].append(signature)
    return found


async def show_grades(uow: UnitOfWork, principal: Principal, grades: Sequence[UnitGrade]) -> list[GradeOut]:
    """For somebody who may see them."""
    signatures = await signatures_of(uow, grades)
    named = sees_persons(principal)
    return [GradeOut.of(grade, signatures[grade.id], named=named) for grade in grades]


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
    """From what is stored with it and nothing else. Raises `NotFound` (grade-not-found)."""
    grade = await find_grade(uow, principal, grade_id)
    return Recomputation.of(grade, recompute(Evidence.model_validate(grade.evidence)))


async def get_public_grade(uow: UnitOfWork, unit_id: UUID) -> PublicGrade:
    """What anybody may know. Raises `NotFound` (unit-not-found, grade-not-published)."""
    unit = await get_unit(uow, unit_id)
    grade = await standing_grade(uow, unit_id)
    if grade is None:
        raise NotFound("grade-not-published", "No grade of this unit has been published yet.")
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
    signatures = await signatures_of(uow, (grade for grade, _ in found))
    return [PublicGrade.of(grade, unit, len(signatures[grade.id])) for grade, unit in found]


async def _page(
    uow: UnitOfWork, seen: ColumnElement[bool] | TextClause, given: Mapping[str, object], *, limit: int, cursor: str | None
) -> tuple[Sequence[UnitGrade], str | None]:
    statement = select(UnitGrade).where(seen).filter_by(**given).order_by(col(UnitGrade.id)).limit(limit + 1)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(UnitGrade.id) > after)
    return cut((await uow.session.scalars(statement)).all(), limit, lambda grade: grade.id)
