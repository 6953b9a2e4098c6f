"""Reading all that a report of a unit tells, as far as its reader may know it."""

from collections.abc import Sequence
from fractions import Fraction
from uuid import UUID

from sqlalchemy import and_, or_, select, text
from sqlmodel import col

from services.assessment.campaigns.models import Campaign, Exclusion
from services.assessment.decisions.models import Decision
from services.assessment.decisions.queries import sees_persons
from services.assessment.decisions.queries import visible as decisions_seen
from services.assessment.grades.models import TO_BE_SIGNED, GradeSignature, UnitGrade
from services.assessment.grades.queries import signatures_of, standing_grade, visible
from services.assessment.grades.rules import Evidence, GradeCause, GradeState, recompute, unveil
from services.assessment.grading.queries import Assessed, assess_unit, show_scorecard
from services.assessment.grading.rules.judging import GradeValue
from services.assessment.objections.models import Objection
from services.assessment.outcomes.queries import newest_outcomes
from services.assessment.profiles.models import UnitProfile
from services.assessment.profiles.queries import get_profile
from services.assessment.reports.rules.telling import floors_of
from services.assessment.reports.rules.views import View, view_of
from services.assessment.reports.schemas import Judged, PastGrade, Register, Report, StandardNamed
from services.assessment.scopes.queries import is_in_scope
from services.assessment.standards.queries import get_standard
from services.assessment.units.queries import get_chain, get_unit
from services.assessment.upgrade_plans import queries as upgrade_plans
from services.assessment.upgrade_plans.models import UpgradePlan
from services.assessment.upgrade_plans.schemas import PlanOut, PublicPlan
from shared.auth import ANONYMOUS, Principal
from shared.errors import NotFound
from shared.types import Level
from shared.uow import UnitOfWork

MOST = 20
"""Of what is listed, so many of the newest."""
MOST_DECISIONS = 40


async def get_public_report(uow: UnitOfWork, unit_id: UUID) -> Report:
    """What anybody may know. Raises `NotFound` (unit-not-found)."""
    return await _report(uow, ANONYMOUS, unit_id, View.public)


async def get_report(uow: UnitOfWork, principal: Principal, unit_id: UUID) -> Report:
    """What this reader may know. Raises `NotFound` (unit-not-found)."""
    await get_unit(uow, unit_id)
    await uow.units.find(unit_id)
    view = view_of(assesses=sees_persons(principal), answers=is_in_scope(uow, principal, unit_id))
    return await _report(uow, principal if view is not View.public else ANONYMOUS, unit_id, view)


async def _report(uow: UnitOfWork, reader: Principal, unit_id: UUID, view: View) -> Report:
    unit, *above = await get_chain(uow, unit_id)
    assessed = await assess_unit(uow, reader, unit_id)
    found = await _found_grade(uow, reader, unit_id, view)
    live = _live(uow, assessed)
    judged = await _judged(uow, found, view) if found else live
    plan, names = await _plan(uow, unit_id, view)
    return Report(
        view=view,
        unit=unit,
        above=above,
        profile=await _profile(uow, unit_id),
        card=await show_scorecard(uow, assessed),
        judged=judged,
        at_present=live if found and assessed.running else None,
        history=await _history(uow, reader, unit_id, view),
        outcomes=await newest_outcomes(uow, unit_id, published=not is_in_scope(uow, reader, unit_id), limit=MOST),
        plan=plan,
        names=names,
        exclusions=await _exclusions(uow, unit_id, [each.id for each in above]),
        register=await _register(uow, reader, unit_id, judged.signatures) if view is View.inspector else None,
        made_at=uow.now(),
    )


async def _found_grade(uow: UnitOfWork, reader: Principal, unit_id: UUID, view: View) -> UnitGrade | None:
    """What stands, else what is to be signed, for those who see that."""
    standing = await standing_grade(uow, unit_id)
    if standing is not None or view is View.public:
        return standing
    pending = select(UnitGrade).where(col(UnitGrade.unit_id) == unit_id, visible(uow, reader), text(TO_BE_SIGNED))
    return await uow.session.scalar(pending.order_by(col(UnitGrade.id).desc()).limit(1))


async def _judged(uow: UnitOfWork, grade: UnitGrade, view: View) -> Judged:
    standard = await get_standard(uow, grade.standard_id)
    evidence, terms = Evidence.of(grade.evidence), standard.terms
    decided = recompute(evidence, terms)
    in_full = view is not View.public
    floors = {indicator: counted.observed() for indicator, counted in evidence.floors.items()}
    campaign = await uow.session.get_one(Campaign, grade.campaign_id)
    return Judged(
        grade=decided,
        parts=(unveil(decided) if in_full else decided).parts,
        floors=floors_of(terms, floors, graded_in_full=False, in_full=in_full),
        standard=StandardNamed(standard.name, standard.code, standard.version, terms.bands_for(evidence.level), terms.gates),
        campaign=campaign.name,
        since=evidence.since,
        until=evidence.until,
        counted_at=evidence.counted_at,
        signed=grade,
        signatures=(await signatures_of(uow, [grade]))[grade.id],
        left_out={code: len(cases) for code, cases in evidence.excluded.items()},
    )


def _live(uow: UnitOfWork, assessed: Assessed) -> Judged:
    running, in_full, period = assessed.running, assessed.in_full, assessed.period
    standard = running.standard if running else None
    terms = assessed.terms
    bands = terms.bands_for(Level(assessed.unit.level)) if terms else None
    return Judged(
        grade=assessed.grade,
        parts=assessed.grade.parts,
        floors=floors_of(terms, assessed.evidence.floors, graded_in_full=in_full, in_full=in_full),
        standard=StandardNamed(standard.name, standard.code, standard.version, bands, terms.gates)
        if standard and terms and bands
        else None,
        campaign=running.campaign.name if running else None,
        since=period.since,
        until=period.until,
        counted_at=uow.now(),
    )


async def _profile(uow: UnitOfWork, unit_id: UUID) -> UnitProfile | None:
    try:
        return await get_profile(uow, unit_id)
    except NotFound:
        return None


async def _history(uow: UnitOfWork, reader: Principal, unit_id: UUID, view: View) -> list[PastGrade]:
    """The newest first. What was published once is public for good."""
    seen = col(UnitGrade.published_at).is_not(None) if view is View.public else visible(uow, reader)
    statement = select(UnitGrade, col(Campaign.name)).join(Campaign, col(Campaign.id) == col(UnitGrade.campaign_id))
    statement = statement.where(col(UnitGrade.unit_id) == unit_id, seen).order_by(col(UnitGrade.id).desc()).limit(MOST)
    return [_past(grade, name) for grade, name in await uow.session.execute(statement)]


def _past(grade: UnitGrade, campaign: str) -> PastGrade:
    return PastGrade(
        state=GradeState(grade.state),
        cause=GradeCause(grade.cause),
        value=GradeValue(grade.value),
        composite=Fraction(grade.composite) if grade.composite else None,
        campaign=campaign,
        published_at=grade.published_at,
        valid_until=grade.valid_until,
    )


async def _plan(uow: UnitOfWork, unit_id: UUID, view: View) -> tuple[PublicPlan | PlanOut | None, dict[str, str]]:
    """The plan, with the names of the criteria that it speaks of by their codes."""
    plan = await _own_plan(uow, unit_id) if view is not View.public else None
    try:
        shown = plan or await upgrade_plans.get_public_plan(uow, unit_id)
    except NotFound:
        return None, {}
    grade = await uow.session.get_one(UnitGrade, shown.grade_id)
    terms = (await get_standard(uow, grade.standard_id)).terms
    return shown, {criterion.code: criterion.name for criterion in terms.criteria}


async def _own_plan(uow: UnitOfWork, unit_id: UUID) -> PlanOut | None:
    """The newest, also before it is public, where it is about the grade that stands."""
    newest = select(UpgradePlan).where(col(UpgradePlan.unit_id) == unit_id).order_by(col(UpgradePlan.id).desc()).limit(1)
    plan, standing = await uow.session.scalar(newest), await standing_grade(uow, unit_id)
    if plan is None or standing is None or plan.grade_id != standing.id:
        return None
    return await upgrade_plans.show_plan(uow, plan)


async def _exclusions(uow: UnitOfWork, unit_id: UUID, above: Sequence[UUID]) -> list[tuple[Exclusion, str]]:
    """Of the unit, or of a unit above with all below it; with the campaign's name."""
    its = or_(col(Exclusion.unit_id) == unit_id, and_(col(Exclusion.unit_id).in_(above), col(Exclusion.with_subtree).is_(True)))
    statement = select(Exclusion, col(Campaign.name)).join(Campaign, col(Campaign.id) == col(Exclusion.campaign_id))
    rows = await uow.session.execute(statement.where(its).order_by(col(Exclusion.id).desc()).limit(MOST))
    return [(exclusion, name) for exclusion, name in rows]


async def _register(uow: UnitOfWork, reader: Principal, unit_id: UUID, signatures: Sequence[GradeSignature]) -> Register:
    """Decisions that are not public only as `GET /v1/decisions` shows them to the reader."""
    seen = or_(col(Decision.public), decisions_seen(uow, reader))
    objections = select(Objection).where(col(Objection.unit_id) == unit_id).order_by(col(Objection.id).desc()).limit(MOST)
    newest = select(Decision).where(col(Decision.unit_id) == unit_id, seen).order_by(col(Decision.id).desc())
    decisions = (await uow.session.scalars(newest.limit(MOST_DECISIONS))).all()
    acting = [*(each.actor_unit_id for each in decisions), *(each.unit_id for each in signatures)]
    return Register(
        objections=(await uow.session.scalars(objections)).all(),
        decisions=decisions,
        units={unit.id: unit.name for unit in map(uow.units.get, acting) if unit},
    )
