"""Reading posts."""

from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import col

from services.visits.errors import post_not_found
from services.visits.posts.models import Post
from services.visits.posts.schemas import PostOut
from services.visits.visitors.queries import in_scope
from shared.auth import Principal
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork


async def require_post(uow: UnitOfWork, principal: Principal, post_id: UUID, *, hold: bool = False) -> Post:
    """A post of the caller's units, or one that the caller holds; with `hold` nobody hands it over meanwhile. Raises `NotFound`
    (post-not-found)."""
    found = select(Post).where(col(Post.id) == post_id, await _visible(uow, principal))
    post = await uow.session.scalar(found.with_for_update(read=True) if hold else found)
    if post is None:
        raise post_not_found()
    return post


async def list_posts(
    uow: UnitOfWork, principal: Principal, *, unit_id: UUID | None, limit: int, cursor: str | None
) -> Page[PostOut]:
    """Posts that the caller may see, oldest first."""
    statement = select(Post).where(await _visible(uow, principal)).order_by(col(Post.id)).limit(limit + 1)
    if unit_id is not None:
        statement = statement.where(col(Post.unit_id) == unit_id)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Post.id) > after)
    rows, following = cut((await uow.session.scalars(statement)).all(), limit, lambda post: post.id)
    return Page(items=[PostOut.model_validate(post) for post in rows], next_cursor=following)


async def _visible(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    return or_(await in_scope(uow, principal, col(Post.unit_id)), col(Post.holder_id) == principal.account_id)
