"""Reading a conversation."""

from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from services.feedback.cases.queries.access import Access, open_case
from services.feedback.conversations.models import Message
from services.feedback.conversations.schemas import MessageOut
from shared.auth import Principal
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork


async def list_messages(
    uow: UnitOfWork, principal: Principal, case_id: UUID, *, limit: int, cursor: str | None
) -> Page[MessageOut]:
    """Oldest first. Raises `NotFound` (case-not-found)."""
    access = await open_case(uow, principal, case_id)
    return await messages_of(uow, access, limit=limit, cursor=cursor)


async def messages_of(uow: UnitOfWork, access: Access, *, limit: int, cursor: str | None) -> Page[MessageOut]:
    """Oldest first."""
    after = decode_cursor(cursor)
    in_case = col(Message.case_id) == access.case.id
    statement = select(Message).where(in_case)
    if after is not None:
        last = select(col(Message.number)).where(in_case, col(Message.id) == after).scalar_subquery()
        statement = statement.where(col(Message.number) > last)
    found = (await uow.session.scalars(statement.order_by(col(Message.number)).limit(limit + 1))).all()
    rows, next_cursor = cut(found, limit, lambda message: message.id)
    return Page(items=[show_message(uow, access, message) for message in rows], next_cursor=next_cursor)


def show_message(uow: UnitOfWork, access: Access, message: Message) -> MessageOut:
    """As this caller sees it."""
    return MessageOut.model_validate({**message.model_dump(), "text": access.unseal(uow, message.text)})
