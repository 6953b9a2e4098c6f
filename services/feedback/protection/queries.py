"""What the holder of a receipt sees."""

from services.feedback.attachments.queries import attachments_of
from services.feedback.cases.queries.access import Holder, open_case
from services.feedback.cases.queries.reading import get_timeline, readers_of, show_case
from services.feedback.conversations.queries import messages_of
from services.feedback.identity_requests.queries import list_of_case
from services.feedback.protection.schemas import OpenedReceipt
from shared.uow import UnitOfWork

MESSAGES = 100


async def open_receipt(uow: UnitOfWork, holder: Holder, cursor: str | None) -> OpenedReceipt:
    """The case, what was said in it and done to it (oldest first), what is attached, everybody who can read it, and who
    asked to know who spoke."""
    access = await open_case(uow, holder, holder.case_id)
    page = await messages_of(uow, access, limit=MESSAGES, cursor=cursor)
    return OpenedReceipt(
        case=await show_case(uow, access),
        messages=page.items,
        next_cursor=page.next_cursor,
        timeline=await get_timeline(uow, holder, holder.case_id),
        attachments=await attachments_of(uow, holder.case_id),
        readers=await readers_of(uow, access.case),
        identity_requests=await list_of_case(uow, holder, holder.case_id),
    )
