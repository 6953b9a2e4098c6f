"""Attaching files to a case, and taking them away again. It moves no case and no clock: that is what messages do."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.feedback.attachments.cabinet import Cabinet
from services.feedback.attachments.conversion import Converted
from services.feedback.attachments.models import Attachment
from services.feedback.attachments.queries import attachment_in, show_attachment
from services.feedback.attachments.rules import kind_of
from services.feedback.attachments.schemas import AttachmentOut
from services.feedback.cases.actions.advancing import permit
from services.feedback.cases.models import Case
from services.feedback.cases.queries.access import Access, Holder, open_case, open_followers
from services.feedback.cases.queries.reading import show_case
from services.feedback.cases.rules import TRANSITIONS, Party, Protection, Side, Verb, side_of
from services.feedback.cases.schemas import CaseOut
from services.feedback.cases.sealing import note_seal
from services.feedback.errors import not_yours_to_do
from shared.auth import Principal
from shared.errors import Conflict, Unavailable
from shared.events.feedback import AttachmentAdded
from shared.uow import UnitOfWork


async def add_attachment(
    uow: UnitOfWork, cabinet: Cabinet, who: Principal | Holder, case_id: UUID, content: bytes
) -> AttachmentOut:
    """A file of either side, for whom may write to the other; a unit's goes into every open case that is merged into this one.

    The case is looked at again, and held, once the file is converted and kept.
    Events: AttachmentAdded. Raises `NotFound`, `Forbidden`, `Conflict` (case-state, too-many-files), `Invalid`, `Unavailable`
    (also upload-raced).
    """
    access = await open_case(uow, who, case_id)
    _permit(cabinet, access)
    made = await cabinet.convert(content)
    files = await _keep(uow, cabinet, made, [access, *await _followers(uow, access, lock=False)])
    access = await open_case(uow, who, case_id, lock=True)
    _permit(cabinet, access)
    attached = [await _attach(uow, each, made, files) for each in (access, *await _followers(uow, access, lock=True))]
    for file in {attachment.file for attachment in attached}:
        await cabinet.claim(uow, file)
    return show_attachment(attached[0])


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


async def _followers(uow: UnitOfWork, access: Access, *, lock: bool) -> list[Access]:
    if side_of(access.party) is Side.resident:
        return []
    followers = await open_followers(uow, access, lock=lock)
    return [other for other in followers if (other.case.state, Verb.message) in TRANSITIONS]


async def _keep(uow: UnitOfWork, cabinet: Cabinet, made: Converted, targets: Sequence[Access]) -> Mapping[UUID | None, str]:
    """The file of each protected case, sealed for it, and under None the one that all others share."""
    seals = {_sealed_for(each.case) for each in targets}
    return {sealed_for: await cabinet.keep(made, uow.now(), sealed_for=sealed_for) for sealed_for in seals}


def _sealed_for(case: Case) -> UUID | None:
    return case.id if case.protection is not Protection.named else None


async def _attach(uow: UnitOfWork, access: Access, made: Converted, files: Mapping[UUID | None, str]) -> Attachment:
    case, side = access.case, side_of(access.party)
    sealed_for = _sealed_for(case)
    if sealed_for not in files:
        raise Unavailable("upload-raced", "Another case was merged into this one meanwhile: send the file again.")
    if sealed_for is not None:
        note_seal(uow, case)
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
        file=files[sealed_for],
        sealed_with=uow.keyring.current if sealed_for else None,
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
