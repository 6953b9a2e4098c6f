"""Posts over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from services.visits.posts import actions, queries
from services.visits.posts.schemas import NewPost, PostChange, PostOut
from shared.auth import Overseer, Principal, Require, Role
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

Leader = Annotated[Principal, Depends(Require(Role.lead, Role.admin))]

router = APIRouter(prefix="/v1/posts", route_class=EdgeRoute, tags=["visits"])


@router.post("", status_code=201)
async def set_up_post(uow: Uow, principal: Leader, body: NewPost) -> PostOut:
    """A job in a unit that visits are owed by. They pass on to whoever holds it next."""
    return PostOut.model_validate(await actions.set_up_post(uow, principal, body))


@router.get("")
async def list_posts(
    uow: Uow, principal: Overseer, unit_id: UUID | None = None, limit: PageLimit = 50, cursor: PageCursor = None
) -> Page[PostOut]:
    """Posts of your units, and your own, oldest first."""
    return await queries.list_posts(uow, principal, unit_id=unit_id, limit=limit, cursor=cursor)


@router.get("/{post_id}")
async def get_post(uow: Uow, principal: Overseer, post_id: UUID) -> PostOut:
    """One post. For its holder, its unit, and the units above."""
    return PostOut.model_validate(await queries.require_post(uow, principal, post_id))


@router.patch("/{post_id}")
async def change_post(uow: Uow, principal: Leader, post_id: UUID, body: PostChange) -> PostOut:
    """What it is called, how many visits it can make, and where they start from."""
    return PostOut.model_validate(await actions.change_post(uow, principal, post_id, body))
