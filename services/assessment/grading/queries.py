"""Assessing units: what they did, what a standard says about it, and what the reader may know of that."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.assessment.alarms.queries import upheld_alarms
from services.assessment.alarms.rules import Upheld
from services.assessment.campaigns.queries import Running, campaigns_measuring
from services.assessment.campaigns.rules import counts_from
from services.assessment.case_call_backs.queries import called_back
from services.assessment.grading.rules.evidence import Evidence, gather
from services.assessment.grading.rules.judging import Grade, grade
from services.assessment.grading.rules.showing import FEWEST, is_hidden, show_cases, show_completion
from services.assessment.grading.schemas import (
    BoardItem,
    CaseCountsOut,
    Explanation,
    GapOut,
    GradeOut,
    GradeShort,
    PeriodOut,
    Rate,
    Scorecard,
    SpreadOut,
    UnitRates,
    VisitCountsOut,
    campaign_of,
    composite_of,
    standard_used,
)
from services.assessment.indicators.queries import measure_units, time_unit
from services.assessment.indicators.rules import ALL_TIME, Indicator, Measures, Period
from services.assessment.outcomes.queries import outcome_progress
from services.assessment.outcomes.rules import NO_REACH, Reach
from services.assessment.profiles.queries import profiles_of
from services.assessment.profiles.rules import Profile
from services.assessment.scores.queries import scores_of
from services.assessment.scores.rules import Points
from services.assessment.standards.rules import DeclaredGate, Terms
from services.assessment.units.models import Unit
from services.assessment.units.queries import get_unit, list_units
from services.assessment.units.rules import covers
from shared.auth import Principal, Role
from shared.events.assessment import Part
from shared.types import Level
from shared.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Assessed:
    """A unit with its measures and its grade, as a reader may know it."""

    unit: Unit
    running: Running | None
    terms: Terms | None
    period: Period
    measures: Measures
    evidence: Evidence
    grade: Grade
    in_full: bool

    @property
    def hides_verdicts(self) -> bool:
        return is_hidden(Indicator.resolution, self.measures.resolution.n, in_full=self.in_full)

    def rates(self) -> dict[str, object]:
        """The fields of `UnitRates`."""
        measures = self.measures
        unsatisfied = is_hidden(Indicator.satisfaction, measures.satisfaction.n, in_full=self.in_full)
        return {
            "unit_id": self.unit.id,
            "period": PeriodOut.of(self.period),
            "response_rate": Rate.of(measures.response, suppressed=False),
            "resolution_rate": Rate.of(measures.resolution, suppressed=self.hides_verdicts),
            "satisfaction_rate": Rate.of(measures.satisfaction, suppressed=unsatisfied),
            "gap": GapOut.of(measures.confirmation, fewest=0 if self.in_full else FEWEST),
        }


async def get_scorecard(uow: UnitOfWork, principal: Principal, unit_id: UUID) -> Scorecard:
    """Everything about one unit; k-anonymous for a reader who does not answer for it. Raises `NotFound` (unit-not-found)."""
    return await show_scorecard(uow, await assess_unit(uow, principal, unit_id))


async def assess_unit(uow: UnitOfWork, principal: Principal, unit_id: UUID) -> Assessed:
    """As this reader may know it. Raises `NotFound` (unit-not-found)."""
    unit = await get_unit(uow, unit_id)
    [assessed] = await _assess(uow, [unit], in_full=await _sees_in_full(uow, principal, unit))
    return assessed


async def show_scorecard(uow: UnitOfWork, assessed: Assessed) -> Scorecard:
    """To the reader for whom it was assessed."""
    unit, in_full, running = assessed.unit, assessed.in_full, assessed.running
    times = await time_unit(uow, unit.id, assessed.period)
    called = (await called_back(uow, {unit.id: assessed.period}))[unit.id]
    bands = assessed.terms.bands_for(Level(unit.level)) if assessed.terms else None
    explanation = Explanation.of(assessed.grade, standard_used(running.standard, bands) if running and bands else None)
    return Scorecard.model_validate(
        {
            **assessed.rates(),
            "acknowledgement": SpreadOut.model_validate(times.acknowledgement),
            "first_answer": SpreadOut.model_validate(times.first_answer),
            "completion": SpreadOut.model_validate(show_completion(times, in_full=in_full)),
            "cases": CaseCountsOut.model_validate(show_cases(assessed.measures.cases, hide_verdicts=assessed.hides_verdicts)),
            "visits": VisitCountsOut.of(assessed.measures.visits),
            "called_back": Rate.of(called, suppressed=False),
            "campaign": campaign_of(running) if running else None,
            "composite": composite_of(assessed.grade),
            "grade": GradeOut(value=assessed.grade.value, reason=assessed.grade.reason, explanation=explanation),
        }
    )


async def list_scoreboard(
    uow: UnitOfWork, *, parent_id: UUID | None, level: Level | None, limit: int, cursor: str | None
) -> tuple[list[BoardItem], str | None]:
    """A page of the public board, and the next cursor. As many queries for one unit as for a page of them."""
    units, next_cursor = await list_units(uow, parent_id=parent_id, level=level, limit=limit, cursor=cursor)
    return [_board_item(one) for one in await _assess(uow, units, in_full=False)], next_cursor


async def get_three_rates(uow: UnitOfWork, unit_id: UUID) -> UnitRates:
    """The public rates of one unit. Raises `NotFound` (unit-not-found)."""
    [assessed] = await _assess(uow, [await get_unit(uow, unit_id)], in_full=False)
    return UnitRates.model_validate(assessed.rates())


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of some units, whatever a standard asks for."""

    measures: Mapping[UUID, Measures]
    profiles: Mapping[UUID, Profile]
    points: Mapping[UUID, Mapping[tuple[str, Part], Points]]
    alarms: Mapping[UUID, Upheld]
    reaches: Mapping[UUID, Reach]

    def evidence(self, unit_id: UUID, level: Level, terms: Terms) -> Evidence:
        """What these terms ask for."""
        return gather(
            terms,
            level,
            self.measures[unit_id],
            profile=self.profiles.get(unit_id),
            points=self.points.get(unit_id, {}),
            alarms=self.alarms.get(unit_id),
            reach=self.reaches.get(unit_id, NO_REACH),
        )


async def facts_of(
    uow: UnitOfWork, units: Collection[UUID], period: Period, *, campaign_id: UUID | None, asked: Collection[Terms]
) -> Facts:
    """As many queries for one unit as for thousands. What few standards ask about is only looked for where `asked` does."""
    scored = campaign_id if any(terms.is_scored for terms in asked) else None
    alarming = any(DeclaredGate.upheld_alarm in terms.gates for terms in asked)
    reaching = any(Indicator.outcomes in terms.shares for terms in asked)
    return Facts(
        measures=await measure_units(uow, units, period),
        profiles=await profiles_of(uow, units, min(period.until or uow.now(), uow.now()).date()),
        points=await scores_of(uow, scored, units) if scored else {},
        alarms=await upheld_alarms(uow, units, period) if alarming else {},
        reaches=await outcome_progress(uow, units, period) if reaching else {},
    )


async def _assess(uow: UnitOfWork, units: Sequence[Unit], *, in_full: bool) -> list[Assessed]:
    """As many queries for one unit as for all that the same campaign measures."""
    running = await campaigns_measuring(uow, units)
    measured: dict[UUID | None, list[Unit]] = {}
    for unit in units:
        measured.setdefault(running[unit.id].campaign.id if unit.id in running else None, []).append(unit)
    found: dict[UUID, Assessed] = {}
    for together in measured.values():
        assessed = await _assess_by(uow, running.get(together[0].id), together, in_full=in_full)
        found |= {one.unit.id: one for one in assessed}
    return [found[unit.id] for unit in units]


async def _assess_by(uow: UnitOfWork, running: Running | None, units: Sequence[Unit], *, in_full: bool) -> list[Assessed]:
    terms, period = running.standard.terms if running else None, _period(running)
    campaign_id, asked = (running.campaign.id, [terms]) if running and terms else (None, [])
    facts = await facts_of(uow, [unit.id for unit in units], period, campaign_id=campaign_id, asked=asked)

    def assessed(unit: Unit) -> Assessed:
        level, measures = Level(unit.level), facts.measures[unit.id]
        evidence = facts.evidence(unit.id, level, terms) if terms else Evidence(level, {}, retaliations=measures.retaliations)
        return Assessed(unit, running, terms, period, measures, evidence, grade(terms, evidence, in_full=in_full), in_full)

    return [assessed(unit) for unit in units]


def _period(running: Running | None) -> Period:
    """A campaign's evidence is what happened during it."""
    if running is None:
        return ALL_TIME
    return Period(since=counts_from(running.campaign.starts_at), until=running.campaign.ends_at)


def _board_item(assessed: Assessed) -> BoardItem:
    unit = assessed.unit
    return BoardItem.model_validate(
        {
            **assessed.rates(),
            "code": unit.code,
            "name": unit.name,
            "level": unit.level,
            "path": unit.path,
            "cases_opened": assessed.measures.cases.opened,
            "grade": GradeShort(value=assessed.grade.value, reason=assessed.grade.reason),
        }
    )


async def _sees_in_full(uow: UnitOfWork, principal: Principal, unit: Unit) -> bool:
    """Administrators, inspectors of everything, and those who answer for this unit or for one above it."""
    if principal.role is Role.admin or (principal.role is Role.inspector and principal.unit_id is None):
        return True
    if principal.role not in (Role.official, Role.lead, Role.inspector) or principal.unit_id is None:
        return False
    own = await uow.session.get(Unit, principal.unit_id)
    return own is not None and covers(own.path, unit.path)
