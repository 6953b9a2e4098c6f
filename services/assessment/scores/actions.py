"""Giving scores and withdrawing them."""

from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlmodel import col

from services.assessment.campaigns.queries import get_campaign, measures_unit
from services.assessment.campaigns.rules import state_at
from services.assessment.decisions.actions import record_decision
from services.assessment.scores.models import COUNTS, Score
from services.assessment.scores.rules import RULES, check_counting, check_part, check_running, check_standing, part_of
from services.assessment.scores.schemas import ScoreIn
from services.assessment.standards.models import Standard
from services.assessment.standards.queries import get_standard
from services.assessment.units.queries import get_unit
from shared.auth import Principal, Role
from shared.errors import Conflict, Invalid, NotFound
from shared.events.assessment import ScoreGiven, ScoreWithdrawn
from shared.uow import UnitOfWork


async def give_score(uow: UnitOfWork, principal: Principal, campaign_id: UUID, said: ScoreIn) -> Score:
    """Keep it; of one account the newest for a unit's criterion counts. Records `ScoreGiven`.

    Raises `NotFound` (campaign-not-found, unit-not-found), `Forbidden` (part-not-yours, score-not-yours,
    inspector-in-chain), `Conflict` (campaign-not-running, unit-not-covered), and what `check_criterion` raises.
    """
    campaign = await get_campaign(uow, campaign_id)
    unit = await get_unit(uow, said.unit_id)
    part = part_of(inspects=principal.role is Role.inspector)
    check_part(said.part, part)
    check_standing(part, await _own_path(uow, principal), unit.path)
    check_running(state_at(uow.now(), campaign.starts_at, campaign.ends_at))
    standard = await get_standard(uow, campaign.standard_id)
    if not await measures_unit(uow, campaign, unit):
        raise Conflict("unit-not-covered", "This campaign does not measure that unit: see GET /v1/campaigns/{id}/coverage.")
    check_criterion(standard, said.criterion)
    score = Score(
        **said.model_dump(mode="json", exclude={"unit_id", "part"}),
        id=uow.new_id(),
        campaign_id=campaign.id,
        unit_id=unit.id,
        part=part,
        rule=RULES[part],
        account_id=principal.account,
        by_unit_id=principal.unit_id,
        counts=True,
        given_at=uow.now(),
    )
    overtaken_id = await _overtake(uow, score)
    uow.session.add(score)
    await uow.session.flush()
    await _tell(uow, score, overtaken_id)
    await _note(uow, principal, score, "score.given", score.reason)
    return score


async def withdraw_score(uow: UnitOfWork, principal: Principal, campaign_id: UUID, score_id: UUID, reason: str) -> Score:
    """By its author: it does not count any more, and neither does one that it had overtaken. Records `ScoreWithdrawn`.

    Raises `NotFound` (score-not-found), `Conflict` (campaign-not-running, score-overtaken, score-withdrawn).
    """
    score = await uow.session.get(Score, score_id, with_for_update=True)
    if score is None or (score.campaign_id, score.account_id) != (campaign_id, principal.account):
        raise NotFound("score-not-found", "You gave no score with this id in this campaign: find yours in the campaign's scores.")
    campaign = await get_campaign(uow, campaign_id)
    check_running(state_at(uow.now(), campaign.starts_at, campaign.ends_at))
    check_counting(counts=score.counts, withdrawn=score.withdrawn_at is not None)
    score.counts, score.withdrawn_at, score.withdrawal_reason = False, uow.now(), reason
    await uow.session.flush()
    told = {"score_id": score.id, "campaign_id": score.campaign_id, "unit_id": score.unit_id}
    await uow.record(ScoreWithdrawn(**told, withdrawn_at=score.withdrawn_at))
    await _note(uow, principal, score, "score.withdrawn", reason)
    return score


def check_criterion(standard: Standard, code: str) -> None:
    """Both parts may score what people score; the grade counts the one that the standard names, the other stands beside it.

    Raises `Invalid` (criterion-not-scored).
    """
    scored = [each.code for each in standard.terms.criteria if each.indicator is None]
    if code not in scored:
        known = f"Scored are {', '.join(scored)}." if scored else "It has none that are."
        raise Invalid("criterion-not-scored", f"{code} is no criterion of this campaign's standard that people score. {known}")


async def _own_path(uow: UnitOfWork, principal: Principal) -> str | None:
    """Raises `NotFound` (unit-not-found)."""
    return (await get_unit(uow, principal.unit_id)).path if principal.unit_id else None


async def _overtake(uow: UnitOfWork, score: Score) -> UUID | None:
    """The account's score that counted until now. Scores of one account for one unit come one after another."""
    turn = f"score {score.campaign_id} {score.unit_id} {score.account_id}"
    await uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(turn, 0))))
    statement = update(Score).where(
        col(Score.campaign_id) == score.campaign_id,
        col(Score.unit_id) == score.unit_id,
        col(Score.criterion) == score.criterion,
        col(Score.part) == score.part,
        col(Score.account_id) == score.account_id,
        text(COUNTS),
    )
    overtaken_id: UUID | None = await uow.session.scalar(statement.values(counts=False).returning(col(Score.id)))
    return overtaken_id


async def _note(uow: UnitOfWork, actor: Principal, score: Score, kind: str, reason: str) -> None:
    await record_decision(
        uow,
        actor,
        kind=kind,
        subject="score",
        subject_id=score.id,
        unit_id=score.unit_id,
        rule=score.rule,
        reason=reason,
        public=False,
    )


async def _tell(uow: UnitOfWork, score: Score, overtaken_id: UUID | None) -> None:
    event = ScoreGiven(
        score_id=score.id,
        campaign_id=score.campaign_id,
        unit_id=score.unit_id,
        criterion_code=score.criterion,
        part=score.part,
        points=score.points,
        overtaken_id=overtaken_id,
        given_at=score.given_at,
    )
    await uow.record(event)
