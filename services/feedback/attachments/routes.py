"""REST of attachments."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from services.feedback.attachments import actions, queries
from services.feedback.attachments.schemas import AttachmentOut
from services.feedback.attachments.transfer import SENT, Files, form_of, read_form, send_file
from shared.auth import Known
from shared.http import EdgeRoute, Uow

router = APIRouter(prefix="/v1/cases", route_class=EdgeRoute, tags=["cases"])


@router.get("/{case_id}/attachments")
async def list_attachments(uow: Uow, principal: Known, case_id: UUID) -> list[AttachmentOut]:
    """The pictures and documents of the case, oldest first."""
    return await queries.list_attachments(uow, principal, case_id)


@router.post("/{case_id}/attachments", status_code=201, openapi_extra=form_of())
async def add_attachment(uow: Uow, principal: Known, files: Files, case_id: UUID, request: Request) -> AttachmentOut:
    """Attach a JPEG, PNG, WebP or HEIC picture, or a PDF, until the case is closed.

    It is written anew: where and with what it was made, its name, and all that a picture or a page does not show, is gone.
    """
    form = await read_form(request)
    return await actions.add_attachment(uow, files, principal, case_id, form.file)


@router.get("/{case_id}/attachments/{attachment_id}", response_class=StreamingResponse, responses=SENT)
async def get_attachment(uow: Uow, principal: Known, files: Files, case_id: UUID, attachment_id: UUID) -> StreamingResponse:
    """The file itself."""
    return await send_file(files, await queries.get_attachment(uow, principal, case_id, attachment_id))


@router.get("/{case_id}/attachments/{attachment_id}/thumbnail", response_class=StreamingResponse, responses=SENT)
async def get_thumbnail(uow: Uow, principal: Known, files: Files, case_id: UUID, attachment_id: UUID) -> StreamingResponse:
    """A small JPEG of a picture; a document has none."""
    return await send_file(files, await queries.get_attachment(uow, principal, case_id, attachment_id), thumbnail=True)


@router.delete("/{case_id}/attachments/{attachment_id}", status_code=204)
async def remove_attachment(uow: Uow, principal: Known, files: Files, case_id: UUID, attachment_id: UUID) -> None:
    """The speaker takes back a file of its own, until the case is closed."""
    await actions.remove_attachment(uow, files, principal, case_id, attachment_id)
