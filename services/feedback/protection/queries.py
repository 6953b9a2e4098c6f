"""What the holder of a receipt sees."""

from services.feedback.attachments.queries import attachments_of
from services.feedback.cases.queries.access import Holder, open_case
from services.feedback.cases.queries.reading import get_timeline, readers_of, show_case
from services.feedback.cases.schemas import ReaderOut
from services.feedback.conversations.queries import messages_of
from services.feedback.identity_requests.queries import list_of_case
from services.feedback.protection.schemas import OpenedReceipt
from services.feedback.retaliation.queries import watch_of
from services.feedback.retaliation.schemas import WatchOut
from shared.uow import UnitOfWork

MESSAGES = 100


async def open_receipt(uow: UnitOfWork, holder: Holder, cursor: str | None) -> OpenedReceipt:
    """The case, what was said in it and done to it (oldest first), what is attached, everybody who can read it, and who
    asked to know who spoke."""
    access = await open_case(uow, holder, holder.case_id)
    page = await messages_of(uow, access, limit=MESSAGES, cursor=cursor)
    watch = await watch_of(uow, access)
    return OpenedReceipt(
        case=await show_case(uow, access),
        messages=page.items,
        next_cursor=page.next_cursor,
        timeline=await get_timeline(uow, holder, holder.case_id),
        attachments=await attachments_of(uow, holder.case_id),
        readers=_everybody(await readers_of(uow, access.case), watch),
        watch=watch,
        identity_requests=await list_of_case(uow, holder, holder.case_id),
    )


def _everybody(readers: list[ReaderOut], watch: WatchOut) -> list[ReaderOut]:
    """Also who reads the case only with a report of retaliation."""
    inspecting = {reader.unit_id: reader for report in watch.reports for reader in report.readers}
    known = {reader.unit_id for reader in readers}
    return [*readers, *(reader for unit_id, reader in inspecting.items() if unit_id not in known)]
