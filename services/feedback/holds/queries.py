"""Reading holds."""

from sqlalchemy import select
from sqlmodel import col

from services.feedback.holds.models import Hold
from services.feedback.holds.rules import explain
from services.feedback.holds.schemas import HoldOut
from shared.languages import current_language
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork


async def list_holds(uow: UnitOfWork, *, limit: int, cursor: str | None) -> Page[HoldOut]:
    """Newest first. Raises `Invalid` (malformed-cursor)."""
    statement = select(Hold).order_by(col(Hold.id).desc()).limit(limit + 1)
    before = decode_cursor(cursor)
    if before is not None:
        statement = statement.where(col(Hold.id) < before)
    holds, next_cursor = cut((await uow.session.scalars(statement)).all(), limit, lambda hold: hold.id)
    return Page[HoldOut](items=[show_hold(hold) for hold in holds], next_cursor=next_cursor)


def show_hold(hold: Hold) -> HoldOut:
    explanation = explain(hold.reason, hold.opinions, hold.usual, current_language())
    return HoldOut.model_validate({**hold.model_dump(), "explanation": explanation})
