"""Reading stages, where units stand, and what they lack."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import func, select, text
from sqlmodel import col

from services.assessment.campaigns.models import Campaign
from services.assessment.campaigns.queries import get_campaign
from services.assessment.campaigns.rules import counts_from
from services.assessment.directives.queries import states_of_tasks
from services.assessment.exclusions.queries import EXCLUDED
from services.assessment.grading.rules.evidence import observe
from services.assessment.indicators.queries import measure_units
from services.assessment.indicators.rules import AMOUNTS, MEANS, Indicator, Measures, Period, Tally
from services.assessment.scopes.queries import is_in_scope
from services.assessment.stages.models import Stage, StageMove, Standing
from services.assessment.stages.rules import FEWEST, Check, Counted, Evidence, Plan, directives_of, is_settled, judge
from services.assessment.stages.schemas import MoveOut, Place, PlaceOut, StageOut, StagesOut, UnitPlaceOut, UnitStageOut
from services.assessment.units.models import Unit
from services.assessment.units.queries import get_unit
from shared.auth import Principal
from shared.errors import NotFound
from shared.pages import Page, cut, decode_cursor
from shared.types import Level
from shared.uow import UnitOfWork

WHOLE = (Plan(code="whole", name="The whole campaign"),)
"""The stages of a campaign for which none were given."""
CHECKS = TypeAdapter(list[Check])


async def plans_of(uow: UnitOfWork, campaign_id: UUID) -> Sequence[Plan]:
    """The stages of a campaign in their order."""
    stages = await uow.session.scalars(select(Stage).where(col(Stage.campaign_id) == campaign_id).order_by(col(Stage.number)))
    return [Plan.model_validate(stage.model_dump(exclude={"campaign_id", "number"})) for stage in stages] or WHOLE


async def evidence_of(uow: UnitOfWork, campaign: Campaign, plans: Sequence[Plan], units: Sequence[UUID]) -> dict[UUID, Evidence]:
    """What is known of these units since the campaign began. As many queries for one as for all of them."""
    period = Period(since=counts_from(campaign.starts_at), until=campaign.ends_at)
    measured = await measure_units(uow, units, period)
    tasks = await states_of_tasks(uow, directives_of(plans), units)
    return {
        unit_id: Evidence(
            shares={each: _public(measures, each) for each in Indicator if each not in AMOUNTS | MEANS},
            counts={Counted.cases_answered: measures.cases.answered, Counted.visits_made: measures.visits.made},
            tasks=tasks[unit_id],
        )
        for unit_id, measures in measured.items()
    }


def _public(measures: Measures, indicator: Indicator) -> Tally:
    """Nothing where few residents spoke of much that is counted: a stage is public."""
    observed = observe(measures, indicator)
    return Tally(0, 0) if observed.spoken < FEWEST <= observed.n else Tally(observed.hits, observed.n)


async def show_stages(uow: UnitOfWork, campaign_id: UUID) -> StagesOut:
    """With how many units of which level stand in each. Raises `NotFound` (campaign-not-found)."""
    campaign = await get_campaign(uow, campaign_id)
    plans = await plans_of(uow, campaign.id)
    standing = await _by_stage_and_level(uow, campaign.id)
    return StagesOut(
        campaign_id=campaign.id,
        frozen=campaign.starts_at <= uow.now(),
        stages=[_stage(plan, number, standing[number]) for number, plan in enumerate(plans, 1)],
        waiting=standing[0],
        completed=standing[len(plans) + 1],
    )


async def list_units(
    uow: UnitOfWork, campaign_id: UUID, *, stage: str | None, place: Place | None, limit: int, cursor: str | None
) -> Page[UnitPlaceOut]:
    """Where units stand, in the order of their registration. Raises `NotFound` (campaign-not-found, stage-not-found)."""
    campaign = await get_campaign(uow, campaign_id)
    plans = await plans_of(uow, campaign.id)
    statement = (
        select(Standing, col(Unit.code))
        .join(Unit, col(Unit.id) == col(Standing.unit_id))
        .where(col(Standing.campaign_id) == campaign.id)
        .order_by(col(Standing.unit_id))
        .limit(limit + 1)
    )
    for numbers in (_numbers_of_stage(plans, stage), _numbers_of_place(plans, place)):
        if numbers is not None:
            statement = statement.where(col(Standing.number).in_(numbers))
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Standing.unit_id) > after)
    rows, following = cut((await uow.session.execute(statement)).all(), limit, lambda row: row[0].unit_id)
    return Page(items=[_unit_place(plans, standing, code) for standing, code in rows], next_cursor=following)


async def show_unit_stage(uow: UnitOfWork, principal: Principal, campaign_id: UUID, unit_id: UUID) -> UnitStageOut:
    """What a unit in the caller's scope lacks for its next stage, and how it came where it is.

    Raises `NotFound` (unit-not-found, campaign-not-found, unit-without-stage).
    """
    unit = await get_unit(uow, unit_id)
    if not is_in_scope(uow, principal, unit.id):
        raise NotFound("unit-not-found", "No unit has this id. List the units with GET /v1/units.")
    campaign = await get_campaign(uow, campaign_id)
    standing = await uow.session.get(Standing, (campaign.id, unit.id))
    if standing is None:
        raise NotFound("unit-without-stage", "The campaign does not measure this unit, has not started or starts just now.")
    plans = await plans_of(uow, campaign.id)
    verdict = judge(plans, standing.number, (await evidence_of(uow, campaign, plans, [unit.id]))[unit.id])
    return UnitStageOut(
        **_unit_place(plans, standing, unit.code).model_dump(),
        campaign_id=campaign.id,
        excluded=await _is_excluded(uow, campaign.id, unit.id),
        next=None if is_settled(plans, standing.number) else _place(plans, standing.number + 1),
        conditions=list(verdict.checks),
        history=[_move(plans, move) for move in await _moves(uow, campaign.id, unit.id)],
    )


async def _by_stage_and_level(uow: UnitOfWork, campaign_id: UUID) -> dict[int, dict[Level, int]]:
    statement = select(col(Standing.number), col(Standing.level), func.count()).where(col(Standing.campaign_id) == campaign_id)
    found: dict[int, dict[Level, int]] = defaultdict(dict)
    for number, level, units in await uow.session.execute(statement.group_by(col(Standing.number), col(Standing.level))):
        found[number][Level(level)] = units
    return found


async def _moves(uow: UnitOfWork, campaign_id: UUID, unit_id: UUID) -> Sequence[StageMove]:
    mine = select(StageMove).where(col(StageMove.campaign_id) == campaign_id, col(StageMove.unit_id) == unit_id)
    return (await uow.session.scalars(mine.order_by(col(StageMove.number)))).all()


async def _is_excluded(uow: UnitOfWork, campaign_id: UUID, unit_id: UUID) -> bool:
    asked = text(f"SELECT {EXCLUDED} FROM units WHERE id = :unit_id")
    return bool(await uow.session.scalar(asked, {"campaign_id": campaign_id, "unit_id": unit_id}))


def _numbers_of_stage(plans: Sequence[Plan], stage: str | None) -> list[int] | None:
    if stage is None:
        return None
    numbers = [number for number, plan in enumerate(plans, 1) if plan.code == stage]
    if not numbers:
        raise NotFound(
            "stage-not-found", "This campaign has no stage with this code. List them with GET /v1/campaigns/{id}/stages."
        )
    return numbers


def _numbers_of_place(plans: Sequence[Plan], place: Place | None) -> list[int] | None:
    if place is None:
        return None
    return [number for number in range(len(plans) + 2) if _place(plans, number).place is place]


def _place(plans: Sequence[Plan], number: int) -> PlaceOut:
    if number == 0:
        return PlaceOut(place=Place.waiting, stage=None)
    if number > len(plans):
        return PlaceOut(place=Place.completed, stage=None)
    return PlaceOut(place=Place.in_stage, stage=plans[number - 1].code)


def _stage(plan: Plan, number: int, levels: dict[Level, int]) -> StageOut:
    return StageOut(number=number, units=sum(levels.values()), levels=levels, **dict(plan))


def _unit_place(plans: Sequence[Plan], standing: Standing, code: str) -> UnitPlaceOut:
    fields = {name: getattr(standing, name) for name in ("unit_id", "level", "entered_at")}
    return UnitPlaceOut(unit_code=code, **_place(plans, standing.number).model_dump(), **fields)


def _move(plans: Sequence[Plan], move: StageMove) -> MoveOut:
    evidence = CHECKS.validate_python(move.evidence)
    return MoveOut(moved_at=move.moved_at, evidence=evidence, **_place(plans, move.number).model_dump())
