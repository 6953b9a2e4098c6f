"""Files over HTTP: in by a form, and out to whoever asked for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import StreamingResponse
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from services.feedback.attachments.cabinet import Cabinet, attachment_not_found
from services.feedback.attachments.models import Attachment
from services.feedback.attachments.rules import FileType
from shared.errors import Invalid

FIELD_BYTES = 1_000
FILE = {"type": "string", "format": "binary"}
HARMLESS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-store",
}
"""What was made here is not to be trusted either: nobody's browser shows it in our name, and none keeps it."""
SENT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {type.media_type: {"schema": FILE} for type in FileType}}
}


class _Parser(MultiPartParser):
    """Writes nothing to disk: what was let in fits into memory."""

    spool_max_size = 2**62

    def close(self) -> None:
        """Also of a file whose part has no end."""
        for file in self._files_to_close_on_error:
            file.close()


@dataclass(frozen=True, slots=True)
class Form:
    """The bytes of its one file, whatever name they came under, and its other fields."""

    file: bytes
    texts: Mapping[str, str]


async def get_cabinet(request: Request) -> Cabinet:
    cabinet: Cabinet = request.app.state.cabinet
    return cabinet


Files = Annotated[Cabinet, Depends(get_cabinet)]


async def read_form(request: Request, *texts: str) -> Form:
    """A form of exactly one `file` and these other fields. Raises `Invalid` (form-expected, form-malformed)."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Invalid("form-expected", f"Send multipart/form-data with {_fields(texts)}.")
    parser = _Parser(request.headers, request.stream(), max_files=1, max_fields=len(texts), max_part_size=FIELD_BYTES)
    try:
        return await _taken_from(await parser.parse(), texts)
    except (MultiPartException, ValueError):
        raise _malformed(texts) from None
    finally:
        parser.close()


async def _taken_from(form: FormData, texts: tuple[str, ...]) -> Form:
    items = form.multi_items()
    found = dict(items)
    file = found.pop("file", None)
    said = {name: value for name, value in found.items() if isinstance(value, str)}
    if not isinstance(file, UploadFile) or said.keys() != set(texts) or len(items) != 1 + len(texts):
        raise _malformed(texts)
    return Form(await file.read(), said)


def _malformed(texts: tuple[str, ...]) -> Invalid:
    return Invalid("form-malformed", f"The form must be whole, with {_fields(texts)} and nothing else.")


def _fields(texts: tuple[str, ...]) -> str:
    return " and ".join(["one file called `file`", *(f"one field called `{text}`" for text in texts)])


def form_of(*texts: str) -> dict[str, Any]:
    """How the OpenAPI document shows what `read_form` takes."""
    properties = {**{text: {"type": "string"} for text in texts}, "file": FILE}
    schema = {"type": "object", "required": list(properties), "properties": properties, "additionalProperties": False}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


async def send_file(cabinet: Cabinet, attachment: Attachment, *, thumbnail: bool = False) -> StreamingResponse:
    """Raises `NotFound` (attachment-not-found), also for a thumbnail that there is none of; `Conflict`
    (attachment-key-lost); `Unavailable`."""
    if thumbnail and attachment.width is None:
        raise attachment_not_found()
    opened = await cabinet.open(attachment, thumbnail=thumbnail)
    type = FileType.jpeg if thumbnail else attachment.type
    name = f"{attachment.id}{'-thumbnail' if thumbnail else ''}.{type}"
    headers = {**HARMLESS, "Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(opened.size)}
    return StreamingResponse(opened.pieces, headers=headers, media_type=type.media_type)
