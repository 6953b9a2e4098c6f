"""Reading categories."""

from sqlalchemy import select
from sqlmodel import col

from services.feedback.cases.rules import Channel
from services.feedback.categories.models import CategoryRow
from services.feedback.categories.schemas import CategoryOut
from shared.errors import NotFound
from shared.languages import Language
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork


async def get_category(uow: UnitOfWork, code: str, *, lock: bool = False) -> CategoryRow:
    """Raises `NotFound` (category-not-found)."""
    statement = select(CategoryRow).where(col(CategoryRow.code) == code)
    found = await uow.session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound("category-not-found", "No category is registered under this code. List them with GET /v1/categories.")
    return found


async def list_categories(
    uow: UnitOfWork, *, channel: Channel | None, language: Language, limit: int, cursor: str | None
) -> Page[CategoryOut]:
    """Those in use, in the order of their registration."""
    statement = select(CategoryRow).where(col(CategoryRow.retired_at).is_(None))
    if channel is not None:
        statement = statement.where(col(CategoryRow.channels).contains([channel]))
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(CategoryRow.id) > after)
    found = (await uow.session.scalars(statement.order_by(col(CategoryRow.id)).limit(limit + 1))).all()
    rows, next_cursor = cut(found, limit, lambda row: row.id)
    return Page(items=[CategoryOut.of(row, language) for row in rows], next_cursor=next_cursor)
