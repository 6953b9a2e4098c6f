"""Reading what is attached to a case."""

from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from services.feedback.attachments.cabinet import attachment_not_found
from services.feedback.attachments.models import Attachment
from services.feedback.attachments.schemas import AttachmentOut
from services.feedback.cases.queries.access import Holder, open_case
from shared.auth import Principal
from shared.errors import Forbidden
from shared.uow import UnitOfWork


async def list_attachments(uow: UnitOfWork, principal: Principal, case_id: UUID) -> list[AttachmentOut]:
    """Oldest first. Raises `NotFound` (case-not-found)."""
    await open_case(uow, principal, case_id)
    return await attachments_of(uow, case_id)


async def attachments_of(uow: UnitOfWork, case_id: UUID) -> list[AttachmentOut]:
    """Oldest first, for a caller whose right to the case is known."""
    statement = select(Attachment).where(col(Attachment.case_id) == case_id).order_by(col(Attachment.id))
    return [show_attachment(attachment) for attachment in await uow.session.scalars(statement)]


async def get_attachment(uow: UnitOfWork, who: Principal | Holder, case_id: UUID, attachment_id: UUID) -> Attachment:
    """Raises `NotFound` (case-not-found, attachment-not-found), `Forbidden` (words-withheld)."""
    if (await open_case(uow, who, case_id)).withheld:
        raise Forbidden("words-withheld", "Administrators see that a protected case is there, and open nothing in it.")
    return await attachment_in(uow, case_id, attachment_id)


async def attachment_in(uow: UnitOfWork, case_id: UUID, attachment_id: UUID) -> Attachment:
    """For a caller whose right to the case is known. Raises `NotFound` (attachment-not-found)."""
    statement = select(Attachment).where(col(Attachment.id) == attachment_id, col(Attachment.case_id) == case_id)
    found = await uow.session.scalar(statement)
    if found is None:
        raise attachment_not_found()
    return found


def show_attachment(attachment: Attachment) -> AttachmentOut:
    facts = {"media_type": attachment.type.media_type, "thumbnail": attachment.width is not None}
    return AttachmentOut.model_validate({**attachment.model_dump(), **facts})
