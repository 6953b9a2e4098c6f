"""`/v1/campaigns/{id}/scores`: what a unit's own people and inspectors give it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from services.assessment.scores import actions, queries
from services.assessment.scores.schemas import ScoreIn, ScoreOut, WithdrawalIn
from shared.auth import Overseer, Principal, Require, Role
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

Scorer = Annotated[Principal, Depends(Require(Role.official, Role.lead, Role.inspector))]

router = APIRouter(prefix="/v1/campaigns/{campaign_id}/scores", route_class=EdgeRoute, tags=["campaigns"])


@router.post("", status_code=201)
async def give_score(campaign_id: UUID, body: ScoreIn, uow: Uow, principal: Scorer) -> ScoreOut:
    """Score a unit by one criterion while the campaign runs: your own one, or as an inspector one outside your chain of units.

    A newer score of yours takes the place of the one before, which is kept.
    """
    return queries.show_score(uow, principal, await actions.give_score(uow, principal, campaign_id, body))


@router.get("")
async def list_scores(
    campaign_id: UUID,
    uow: Uow,
    principal: Overseer,
    unit_id: UUID | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[ScoreOut]:
    """Scores of your units, or for inspectors of all units, oldest first."""
    return await queries.list_scores(uow, principal, campaign_id, unit_id=unit_id, limit=limit, cursor=cursor)


@router.post("/{score_id}/withdraw")
async def withdraw_score(campaign_id: UUID, score_id: UUID, body: WithdrawalIn, uow: Uow, principal: Scorer) -> ScoreOut:
    """Withdraw a score of yours while the campaign runs. It is kept, with the reason, and does not count."""
    return queries.show_score(uow, principal, await actions.withdraw_score(uow, principal, campaign_id, score_id, body.reason))
