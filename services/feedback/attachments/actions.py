"""Attaching files to a case, and taking them away again. It moves no case and no clock: that is what messages do."""

from uuid import UUID

from services.feedback.attachments.cabinet import Cabinet
from services.feedback.attachments.conversion import Converted
from services.feedback.attachments.models import Attachment
from services.feedback.attachments.queries import attachment_in, show_attachment
from services.feedback.attachments.rules import kind_of
from services.feedback.attachments.schemas import AttachmentOut
from services.feedback.cases.actions.advancing import permit
from services.feedback.cases.queries.access import Access, Holder, open_case, open_followers
from services.feedback.cases.queries.reading import show_case
from services.feedback.cases.rules import TRANSITIONS, Party, Protection, Side, Verb, side_of
from services.feedback.cases.schemas import CaseOut
from services.feedback.errors import not_yours_to_do
from shared.auth import Principal
from shared.errors import Conflict
from shared.events.feedback import AttachmentAdded
from shared.uow import UnitOfWork


async def add_attachment(
    uow: UnitOfWork, cabinet: Cabinet, who: Principal | Holder, case_id: UUID, content: bytes
) -> AttachmentOut:
    """A file of either side, for whom may write to the other; a unit's goes into every open case that is merged into this one.

    The case is looked at again, and held, once the file is converted and kept.
    Events: AttachmentAdded. Raises `NotFound`, `Forbidden`, `Conflict` (case-state, too-many-files), `Invalid`, `Unavailable`.
    """
    access = await open_case(uow, who, case_id)
    _permit(cabinet, access)
    protected = access.party is Party.speaker and access.case.protection is not Protection.named
    made = await cabinet.convert(content)
    file = await cabinet.keep(made, uow.now(), sealed_for=case_id if protected else None)
    access = await open_case(uow, who, case_id, lock=True)
    _permit(cabinet, access)
    await cabinet.claim(uow, file)
    attachment = await _attach(uow, access, made, file, sealed_with=uow.keyring.current if protected else None)
    for follower in await _followers(uow, access):
        await _attach(uow, follower, made, file)
    return show_attachment(attachment)


async def remove_attachment(
    uow: UnitOfWork, cabinet: Cabinet, who: Principal | Holder, case_id: UUID, attachment_id: UUID
) -> CaseOut:
    """The speaker takes back a file of its own, until the case is closed. Raises `NotFound`, `Forbidden`, `Conflict`."""
    access = await open_case(uow, who, case_id, lock=True)
    attachment = await attachment_in(uow, case_id, attachment_id)
    if access.party is not Party.speaker or attachment.by is not Side.resident:
        raise not_yours_to_do("take away what others attached to it")
    permit(access, Verb.message)
    cabinet.drop(uow, attachment.file)
    await uow.session.delete(attachment)
    access.case.attachment_count -= 1
    access.case.updated_at = max(access.case.updated_at, access.moment(uow))
    return await show_case(uow, access)


def _permit(cabinet: Cabinet, access: Access) -> None:
    permit(access, Verb.message)
    most = cabinet.caps.per_case
    if access.case.attachment_count >= most:
        raise Conflict("too-many-files", f"The case has {access.case.attachment_count} files; it takes {most} at most.")


async def _followers(uow: UnitOfWork, access: Access) -> list[Access]:
    if side_of(access.party) is Side.resident:
        return []
    return [other for other in await open_followers(uow, access) if (other.case.state, Verb.message) in TRANSITIONS]


async def _attach(uow: UnitOfWork, access: Access, made: Converted, file: str, *, sealed_with: str | None = None) -> Attachment:
    case, side = access.case, side_of(access.party)
    attachment = Attachment(
        id=access.new_id(uow),
        case_id=case.id,
        by=side,
        unit_id=None if side is Side.resident else access.unit_id or case.unit_id,
        type=made.type,
        size=len(made.content),
        width=made.width,
        height=made.height,
        pages=made.pages,
        file=file,
        sealed_with=sealed_with,
        added_at=access.moment(uow),
    )
    uow.session.add(attachment)
    case.attachment_count += 1
    case.updated_at = max(case.updated_at, attachment.added_at)
    event = AttachmentAdded(
        case_id=case.id,
        unit_id=case.unit_id,
        attachment_id=attachment.id,
        kind=kind_of(made.type),
        size=attachment.size,
        by_unit=side is Side.unit,
        added_at=attachment.added_at,
    )
    await uow.record(event, coarse=access.coarse)
    return attachment
