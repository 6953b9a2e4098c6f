"""Giving a campaign its stages, the units their place, and moving them on by evidence."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.assessment.campaigns.models import Campaign
from services.assessment.exclusions.queries import EXCLUDED
from services.assessment.stages.models import UNSETTLED, RollOut, Stage, StageMove
from services.assessment.stages.queries import evidence_of, plans_of
from services.assessment.stages.rules import BEFORE_THE_FIRST, Plan, Verdict, check_not_started, check_stages, is_settled, judge
from services.assessment.standards.queries import get_standard
from services.assessment.units.models import Unit
from shared.errors import NotFound
from shared.events.assessment import StageEntered
from shared.uow import UnitOfWork

LOOK_AGAIN = timedelta(hours=1)
"""How often the evidence of a unit is looked at, and whether a campaign has new units."""

DUE_CAMPAIGNS = text(f"""
    SELECT id FROM campaigns
    WHERE EXISTS (SELECT FROM standings WHERE campaign_id = campaigns.id AND {UNSETTLED} AND due_at <= :now)
    ORDER BY id LIMIT 1
""")
DUE_UNITS = text(f"""
    SELECT standings.unit_id, standings.number, {EXCLUDED} AS excluded
    FROM standings JOIN units ON units.id = standings.unit_id
    WHERE campaign_id = :campaign_id AND {UNSETTLED} AND due_at <= :now
    ORDER BY due_at LIMIT :limit FOR UPDATE OF standings SKIP LOCKED
""")
PLACE_UNITS = text(f"""
    INSERT INTO standings (campaign_id, unit_id, level, number, entered_at, due_at, settled)
    SELECT CAST(:campaign_id AS uuid), id, level, {BEFORE_THE_FIRST}, CAST(:now AS timestamptz), CAST(:now AS timestamptz), false
    FROM units
    WHERE (CAST(:after AS uuid) IS NULL OR id > :after)
        AND (CAST(:level AS text) IS NULL OR level = :level)
        AND (CAST(:root AS text) IS NULL OR path = :root OR starts_with(path, :root || '/'))
        AND NOT {EXCLUDED}
        AND NOT EXISTS (SELECT FROM standings WHERE campaign_id = :campaign_id AND unit_id = units.id)
    ORDER BY id LIMIT :limit
    RETURNING unit_id
""")
KEEP_PLACES = text("""
    UPDATE standings SET number = new.number, settled = new.settled, due_at = new.due_at,
        entered_at = CASE WHEN standings.number = new.number THEN entered_at ELSE :now END
    FROM unnest(CAST(:units AS uuid[]), CAST(:numbers AS int[]), CAST(:settled AS boolean[]), CAST(:due AS timestamptz[]))
        AS new (unit_id, number, settled, due_at)
    WHERE standings.campaign_id = :campaign_id AND standings.unit_id = new.unit_id
""")


async def plan_stages(uow: UnitOfWork, campaign_id: UUID, stages: Sequence[Plan]) -> None:
    """Give a campaign that has not started its stages, in place of those that it had.

    Raises `NotFound` (campaign-not-found), `Conflict` (campaign-started), `Invalid` (stage-code-twice, stage-without-evidence).
    """
    check_stages(stages)
    campaign = await uow.session.get(Campaign, campaign_id, with_for_update=True)
    if campaign is None:
        raise NotFound("campaign-not-found", "No campaign has this id. List the campaigns with GET /v1/campaigns.")
    check_not_started(campaign.starts_at <= uow.now())
    await uow.session.execute(delete(Stage).where(col(Stage.campaign_id) == campaign.id))
    rows = [
        {"campaign_id": campaign.id, "number": number, **stage.model_dump(mode="json")} for number, stage in enumerate(stages, 1)
    ]
    await uow.session.execute(insert(Stage).values(rows))


async def place_units(uow: UnitOfWork, *, limit: int) -> bool:
    """Give up to `limit` units of a campaign that runs their place before its first stage. True when there may be more."""
    found = await _due_roll_out(uow)
    if found is None:
        return False
    campaign, roll_out = found
    root = await uow.session.get_one(Unit, campaign.unit_id) if campaign.unit_id else None
    asked = {
        "campaign_id": campaign.id,
        "after": roll_out.unit_id,
        "level": (await get_standard(uow, campaign.standard_id)).level,
        "root": root and root.path,
        "now": uow.now(),
        "limit": limit,
    }
    placed = (await uow.session.scalars(PLACE_UNITS, asked)).all()
    whole = len(placed) < limit
    roll_out.unit_id = None if whole else max(placed)
    roll_out.due_at = uow.now() + LOOK_AGAIN if whole else uow.now()
    return True


async def advance_units(uow: UnitOfWork, *, limit: int) -> bool:
    """Look at the evidence of up to `limit` units of one campaign, and move each on whose evidence says so, by one stage and
    never back. Records `StageEntered`. True when there may be more. The same number of queries for one unit and for many."""
    campaign_id = await uow.session.scalar(DUE_CAMPAIGNS, {"now": uow.now()})
    if campaign_id is None:
        return False
    asked = {"campaign_id": campaign_id, "now": uow.now(), "limit": limit}
    standing = {row.unit_id: row for row in await uow.session.execute(DUE_UNITS, asked)}
    if not standing:
        return False
    campaign = await uow.session.get_one(Campaign, campaign_id)
    plans = await plans_of(uow, campaign_id)
    evidence = await evidence_of(uow, campaign, plans, list(standing))
    verdicts = {
        unit_id: Verdict((), moves=False) if row.excluded else judge(plans, row.number, evidence[unit_id])
        for unit_id, row in standing.items()
    }
    numbers = {unit_id: row.number + verdicts[unit_id].moves for unit_id, row in standing.items()}
    await _keep_places(uow, campaign, plans, numbers, verdicts)
    await _tell_moves(uow, campaign, plans, numbers, verdicts)
    return True


async def _due_roll_out(uow: UnitOfWork) -> tuple[Campaign, RollOut] | None:
    """A running campaign whose units are to be placed; nobody else places them meanwhile."""
    now = uow.now()
    running = (
        select(Campaign)
        .outerjoin(RollOut, col(RollOut.campaign_id) == col(Campaign.id))
        .where(col(Campaign.starts_at) <= now, col(Campaign.ends_at) > now)
        .where(col(RollOut.due_at).is_(None) | (col(RollOut.due_at) <= now))
        .order_by(col(Campaign.id))
        .limit(1)
        .with_for_update(skip_locked=True, key_share=True, of=Campaign)
    )
    campaign = await uow.session.scalar(running)
    if campaign is None:
        return None
    roll_out = await uow.session.get(RollOut, campaign.id)
    if roll_out is None:
        roll_out = RollOut(campaign_id=campaign.id, due_at=now)
        uow.session.add(roll_out)
    return campaign, roll_out


async def _keep_places(
    uow: UnitOfWork, campaign: Campaign, plans: Sequence[Plan], numbers: dict[UUID, int], verdicts: dict[UUID, Verdict]
) -> None:
    """Whoever moved is looked at again at once: the evidence may reach further. A campaign that is over has its last look."""
    over = campaign.ends_at <= uow.now()
    moved = [verdicts[unit_id].moves for unit_id in numbers]
    kept = {
        "campaign_id": campaign.id,
        "now": uow.now(),
        "units": list(numbers),
        "numbers": list(numbers.values()),
        "settled": [
            is_settled(plans, number) or (over and not moves) for number, moves in zip(numbers.values(), moved, strict=True)
        ],
        "due": [uow.now() if moves else uow.now() + LOOK_AGAIN for moves in moved],
    }
    await uow.session.execute(KEEP_PLACES, kept)


async def _tell_moves(
    uow: UnitOfWork, campaign: Campaign, plans: Sequence[Plan], numbers: dict[UUID, int], verdicts: dict[UUID, Verdict]
) -> None:
    moved = {unit_id: number for unit_id, number in numbers.items() if verdicts[unit_id].moves}
    if not moved:
        return
    now = uow.now()
    rows = [
        {
            "campaign_id": campaign.id,
            "unit_id": unit_id,
            "number": number,
            "moved_at": now,
            "evidence": [check.model_dump(mode="json") for check in verdicts[unit_id].checks],
        }
        for unit_id, number in moved.items()
    ]
    await uow.session.execute(insert(StageMove), rows)
    codes = {number: plan.code for number, plan in enumerate(plans, 1)}
    await uow.record_all(
        [
            StageEntered(campaign_id=campaign.id, unit_id=unit_id, stage_code=codes.get(number), number=number, entered_at=now)
            for unit_id, number in moved.items()
        ]
    )
