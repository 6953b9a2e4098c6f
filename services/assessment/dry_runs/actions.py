"""Asking for a dry run, and working it off a batch at a time."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlmodel import col

from services.assessment.dry_runs.models import DryRun
from services.assessment.dry_runs.rules import check_past, lacking, moved, tallied
from services.assessment.dry_runs.schemas import DryRunIn, DryRunOut
from services.assessment.grading.queries import Facts, facts_of
from services.assessment.grading.rules.judging import Grade, grade
from services.assessment.indicators.rules import Period
from services.assessment.standards.models import Standard
from services.assessment.standards.queries import active_version, get_standard
from services.assessment.standards.rules import Terms
from services.assessment.units.models import Unit
from services.assessment.units.queries import get_unit
from services.assessment.units.rules import SEPARATOR
from shared.types import Level
from shared.uow import UnitOfWork

BATCH = 500


async def ask_for_dry_run(uow: UnitOfWork, standard_id: UUID, asked: DryRunIn) -> DryRunOut:
    """A job works it off. Raises `NotFound` (standard-not-found, unit-not-found), `Invalid` (dry-run-span)."""
    standard = await get_standard(uow, standard_id)
    if asked.unit_id is not None:
        await get_unit(uow, asked.unit_id)
    check_past(asked.since, asked.until, uow.now())
    active = await active_version(uow, standard.code)
    run = DryRun(
        id=uow.new_id(),
        standard_id=standard.id,
        compared_with=active.id if active and active.id != standard.id else None,
        unit_id=asked.unit_id,
        since=asked.since,
        until=asked.until,
        asked_at=uow.now(),
    )
    uow.session.add(run)
    await uow.session.flush()
    return DryRunOut.of(run)


async def advance_dry_run(uow: UnitOfWork) -> bool:
    """Grade the next units of the oldest dry run that nobody else works on. True when there may be more to do."""
    waiting = select(DryRun).where(col(DryRun.finished_at).is_(None)).order_by(col(DryRun.id)).limit(1)
    run = (await uow.session.scalars(waiting.with_for_update(skip_locked=True))).one_or_none()
    if run is None:
        return False
    standard = await get_standard(uow, run.standard_id)
    units = await _next_units(uow, run, standard)
    if units:
        await _grade(uow, run, standard, units)
    if len(units) < BATCH:
        run.finished_at = uow.now()
    return True


async def _next_units(uow: UnitOfWork, run: DryRun, standard: Standard) -> Sequence[Unit]:
    statement = select(Unit).order_by(col(Unit.id)).limit(BATCH)
    if run.after_id is not None:
        statement = statement.where(col(Unit.id) > run.after_id)
    if standard.level is not None:
        statement = statement.where(col(Unit.level) == standard.level)
    if run.unit_id is not None:
        path = (await get_unit(uow, run.unit_id)).path
        below = col(Unit.path).startswith(path + SEPARATOR, autoescape=True)
        statement = statement.where(or_(col(Unit.path) == path, below))
    return (await uow.session.scalars(statement)).all()


async def _grade(uow: UnitOfWork, run: DryRun, standard: Standard, units: Sequence[Unit]) -> None:
    levels = [Level(unit.level) for unit in units]
    before = (await get_standard(uow, run.compared_with)).terms if run.compared_with is not None else None
    asked = [standard.terms, before] if before else [standard.terms]
    facts = await facts_of(uow, [unit.id for unit in units], Period(run.since, run.until), campaign_id=None, asked=asked)
    after = _grades(standard.terms, facts, units)
    run.after_id, run.units = units[-1].id, run.units + len(units)
    run.grades = tallied(run.grades, zip(levels, (found.value for found in after), strict=True))
    run.missing = lacking(run.missing, ([part.criterion.code for part in found.parts if part.lacks] for found in after))
    if before is not None:
        former = _grades(before, facts, units)
        run.grades_before = tallied(run.grades_before, zip(levels, (found.value for found in former), strict=True))
        run.moves = moved(run.moves, zip((each.value for each in former), (each.value for each in after), strict=True))


def _grades(terms: Terms, facts: Facts, units: Sequence[Unit]) -> list[Grade]:
    return [grade(terms, facts.evidence(unit.id, Level(unit.level), terms), in_full=True) for unit in units]
