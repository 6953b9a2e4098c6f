"""Setting posts up."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.visits.discretion.rules import check_notes
from services.visits.errors import post_not_found
from services.visits.posts.models import Post
from services.visits.posts.queries import require_post
from services.visits.posts.schemas import NewPost, PostChange
from services.visits.visitors.queries import require_own_unit, require_visitor
from shared.auth import Principal
from shared.errors import Conflict
from shared.types import coarse
from shared.uow import UnitOfWork

DECIMALS = 2


async def set_up_post(uow: UnitOfWork, principal: Principal, wanted: NewPost) -> Post:
    """Raises `NotFound`, `Invalid` (assignee-out-of-chain, sensitive-note), `Conflict` (post-exists)."""
    check_notes({"body.name": wanted.name})
    unit = await require_own_unit(uow, principal, wanted.unit_id)
    await require_visitor(uow, wanted.holder_id, unit)
    values = {
        **wanted.model_dump(exclude={"location"}),
        "id": uow.new_id(),
        "held_since": uow.now(),
        "created_at": uow.now(),
        "latitude": coarse(wanted.location.latitude, DECIMALS) if wanted.location else None,
        "longitude": coarse(wanted.location.longitude, DECIMALS) if wanted.location else None,
    }
    statement = insert(Post).values(values).on_conflict_do_nothing().returning(Post)
    made: Post | None = await uow.session.scalar(statement)
    if made is None:
        raise Conflict("post-exists", "The unit has a post of this code: change that one, or choose another code.")
    return made


async def change_post(uow: UnitOfWork, principal: Principal, post_id: UUID, wanted: PostChange) -> Post:
    """Raises `NotFound` (post-not-found), `Invalid` (sensitive-note)."""
    check_notes({"body.name": wanted.name})
    seen = await require_post(uow, principal, post_id)
    await require_own_unit(uow, principal, seen.unit_id)
    post = await uow.session.scalar(select(Post).where(col(Post.id) == post_id).with_for_update())
    if post is None:
        raise post_not_found()
    if wanted.name is not None:
        post.name = wanted.name
    if wanted.visits_per_week is not None:
        post.visits_per_week = wanted.visits_per_week
    if wanted.location is not None:
        post.latitude = coarse(wanted.location.latitude, DECIMALS)
        post.longitude = coarse(wanted.location.longitude, DECIMALS)
    await uow.session.flush()
    return post
