"""Reading comments."""

from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import col

from services.assessment.comments.models import Comment
from services.assessment.comments.rules import about
from services.assessment.comments.schemas import CommentOut
from services.assessment.standards.queries import get_standard
from shared.auth import Principal
from shared.errors import NotFound
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork


def pseudonym_of(uow: UnitOfWork, principal: Principal, standard_id: UUID) -> bytes:
    """Who comments on a draft, to nobody who does not hold the pepper."""
    return uow.keyring.fingerprint(b"comment", about(standard_id, principal.account))


def no_comment() -> NotFound:
    return NotFound("comment-not-found", "There is no such comment: GET /v1/standards/{id}/comments lists those of a standard.")


async def get_comment(uow: UnitOfWork, standard_id: UUID, comment_id: UUID) -> Comment:
    """Locked. Raises `NotFound` (comment-not-found)."""
    found = select(Comment).where(col(Comment.id) == comment_id, col(Comment.standard_id) == standard_id).with_for_update()
    comment = (await uow.session.scalars(found)).one_or_none()
    if comment is None:
        raise no_comment()
    return comment


async def list_comments(
    uow: UnitOfWork, principal: Principal, standard_id: UUID, *, unanswered: bool, limit: int, cursor: str | None
) -> Page[CommentOut]:
    """A page of the comments on a version, oldest first. Raises `NotFound` (standard-not-found)."""
    await get_standard(uow, standard_id)
    statement = select(Comment).where(col(Comment.standard_id) == standard_id).order_by(col(Comment.id)).limit(limit + 1)
    if unanswered:
        statement = statement.where(col(Comment.decision).is_(None))
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Comment.id) > after)
    rows, next_cursor = cut((await uow.session.scalars(statement)).all(), limit, lambda comment: comment.id)
    mine = pseudonym_of(uow, principal, standard_id)
    return Page(items=[CommentOut.of(comment, mine) for comment in rows], next_cursor=next_cursor)


async def count_unanswered(uow: UnitOfWork, standard_id: UUID) -> int:
    statement = select(func.count()).select_from(Comment)
    found = await uow.session.scalar(statement.where(col(Comment.standard_id) == standard_id, col(Comment.decision).is_(None)))
    return found or 0
