"""`/v1/practice-policies`: how often residents are visited and units inspected, how long grades hold, and how long
ended cases are kept."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.assessment.practices import actions, queries
from services.assessment.practices.schemas import PracticePolicyIn, PracticePolicyOut
from shared.auth import Administrator, Known
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.practices import Practice
from shared.types import Level, Moment

router = APIRouter(prefix="/v1/practice-policies", route_class=EdgeRoute, tags=["policies"])


@router.post("", status_code=201)
async def register_practice_policy(body: PracticePolicyIn, uow: Uow, principal: Administrator) -> PracticePolicyOut:
    """Register the next version of the policy on a practice, for units of a level or of all; what was decided before stays.

    A version is never changed or taken away. Of `retention`, a case that has ended keeps what was in effect then;
    `POST /v1/retention/simulate` shows before what would differ.
    """
    return PracticePolicyOut.of(await actions.register_practice_policy(uow, body))


@router.get("")
async def list_practice_policies(
    uow: Uow, principal: Known, practice: Practice | None = None, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[PracticePolicyOut]:
    """Every version of every policy, oldest first, those shipped with the product among them."""
    found, next_cursor = await queries.list_practice_policies(uow, practice=practice, limit=limit, cursor=cursor)
    return Page(items=[PracticePolicyOut.of(version) for version in found], next_cursor=next_cursor)


@router.get("/effective")
async def get_effective_practice(
    uow: Uow,
    principal: Known,
    practice: Practice,
    level: Annotated[Level | None, Query(description="Of the unit.")] = None,
    at: Annotated[Moment | None, Query(description="Now when left out.")] = None,
) -> PracticePolicyOut:
    """The version that applies: a level's own comes before that for all levels, then the highest that has begun."""
    return PracticePolicyOut.of(await queries.get_effective_practice(uow, practice, level, at or uow.now()))
