"""`/v1/policies`: how long units have, and how long residents' windows stay open."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.assessment.policies import actions, queries
from services.assessment.policies.schemas import PolicyIn, PolicyOut
from shared.auth import Administrator, Known
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.policies import Channel
from shared.types import Code, Level, Moment

router = APIRouter(prefix="/v1/policies", route_class=EdgeRoute, tags=["policies"])


@router.post("", status_code=201)
async def register_policy(body: PolicyIn, uow: Uow, principal: Administrator) -> PolicyOut:
    """Register a policy, or the next version of one, for the cases opened from `effective_from` on; older cases keep theirs.

    Cases hear of it over the bus, as a rule within a second; one opened before that keeps the version of then. So where the
    moment matters, name one that is some minutes ahead. An anonymous case counts as opened at the full hour.
    A version is never changed or taken away: a wrong one that has not begun is overtaken by a newer one that begins earlier.
    `POST /v1/policies/simulate` shows before what would differ. 409 when another policy is for this level and channel.
    """
    return PolicyOut.of(await actions.register_policy(uow, body))


@router.get("")
async def list_policies(
    uow: Uow,
    principal: Known,
    level: Level | None = None,
    channel: Channel | None = None,
    at: Annotated[Moment | None, Query(description="Only the versions in effect at this moment.")] = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[PolicyOut]:
    """Every version of every policy, oldest first, those shipped with the product among them."""
    if at is None:
        found = await queries.list_policies(uow, level=level, channel=channel, limit=limit, cursor=cursor)
    else:
        found = await queries.list_policies_in_effect(uow, at, level=level, channel=channel, limit=limit, cursor=cursor)
    return Page(items=[PolicyOut.of(policy) for policy in found[0]], next_cursor=found[1])


@router.get("/{code}")
async def list_policy_versions(
    code: Code, uow: Uow, principal: Known, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[PolicyOut]:
    """The versions of one policy, oldest first."""
    found, next_cursor = await queries.list_versions(uow, code, limit=limit, cursor=cursor)
    return Page(items=[PolicyOut.of(policy) for policy in found], next_cursor=next_cursor)
