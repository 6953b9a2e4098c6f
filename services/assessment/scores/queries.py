"""Reading scores. Units see who scored them by unit, never by person."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, false, literal, select, text, true
from sqlmodel import col

from services.assessment.campaigns.queries import get_campaign
from services.assessment.scores.models import COUNTS, Score
from services.assessment.scores.rules import Points
from services.assessment.scores.schemas import ScoreOut
from shared.auth import Principal, Role
from shared.events.assessment import Part
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork

SCORES_OF = text(f"""
    SELECT unit_id, criterion, part, sum(points) AS total, count(*) AS n FROM scores
    WHERE campaign_id = :campaign AND unit_id = ANY(CAST(:units AS uuid[])) AND {COUNTS}
    GROUP BY unit_id, criterion, part
""")


async def scores_of(uow: UnitOfWork, campaign_id: UUID, unit_ids: Collection[UUID]) -> dict[UUID, dict[tuple[str, Part], Points]]:
    """What counts for each unit by criterion and part: of each account its newest, unless withdrawn. A unit, criterion or part
    that nobody scored is left out. One query for all of them."""
    rows = await uow.session.execute(SCORES_OF, {"campaign": campaign_id, "units": list(unit_ids)})
    found: dict[UUID, dict[tuple[str, Part], Points]] = {}
    for row in rows:
        found.setdefault(row.unit_id, {})[row.criterion, Part(row.part)] = Points(row.total, row.n)
    return found


async def list_scores(
    uow: UnitOfWork, principal: Principal, campaign_id: UUID, *, unit_id: UUID | None, limit: int, cursor: str | None
) -> Page[ScoreOut]:
    """A page of the scores that the caller may see, oldest first, with what was overtaken or withdrawn.

    Raises `NotFound` (campaign-not-found).
    """
    campaign = await get_campaign(uow, campaign_id)
    seen = _in_scope(uow, principal)
    statement = select(Score).where(col(Score.campaign_id) == campaign.id, seen).order_by(col(Score.id)).limit(limit + 1)
    if unit_id is not None:
        statement = statement.where(col(Score.unit_id) == unit_id)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Score.id) > after)
    rows, following = cut((await uow.session.scalars(statement)).all(), limit, lambda score: score.id)
    return Page(items=[show_score(uow, principal, score) for score in rows], next_cursor=following)


def show_score(uow: UnitOfWork, principal: Principal, score: Score) -> ScoreOut:
    """As the caller, who may see it, sees it."""
    shown: dict[str, Any] = ScoreOut.model_validate(score).model_dump()
    return ScoreOut.model_validate({**shown, "account_id": score.account_id if _knows_author(uow, principal, score) else None})


def _knows_author(uow: UnitOfWork, principal: Principal, score: Score) -> bool:
    """An inspector of the unit's own chain would tell the unit."""
    if principal.account_id == score.account_id or principal.role is Role.admin:
        return True
    own = principal.unit_id
    return principal.role is Role.inspector and not (uow.units.covers(own, score.unit_id) or uow.units.covers(score.unit_id, own))


def _sees_all(principal: Principal) -> bool:
    return principal.role in (Role.inspector, Role.admin)


def _in_scope(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    """The own unit for an official, with all below it for a lead, everything for those who oversee."""
    if _sees_all(principal):
        return true()
    if principal.unit_id is None:
        return false()
    units = uow.units.subtree(principal.unit_id) if principal.role is Role.lead else [principal.unit_id]
    return col(Score.unit_id) == any_(literal(units, ARRAY(Uuid())))
