"""REST of receipts: how somebody comes back without an account. The code stands in bodies only, never in a URL."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from services.feedback.appeals import actions as appeals
from services.feedback.attachments import actions as attachments
from services.feedback.attachments.queries import get_attachment
from services.feedback.attachments.schemas import AttachmentOut
from services.feedback.attachments.transfer import SENT, Files, form_of, read_form, send_file
from services.feedback.cases.actions import judging, reopening
from services.feedback.cases.queries.access import Holder
from services.feedback.cases.schemas import CaseOut, ConfirmationIn
from services.feedback.challenges.routes import GuardedQueryRoute, GuardedRoute
from services.feedback.conversations import actions as conversations
from services.feedback.conversations.schemas import MessageOut
from services.feedback.protection import actions, queries
from services.feedback.protection.desk import ReceiptDesk
from services.feedback.protection.schemas import (
    IssuedReceiptOut,
    OpenedReceipt,
    ReceiptAppealIn,
    ReceiptCheckInIn,
    ReceiptClaimIn,
    ReceiptConfirmationIn,
    ReceiptIn,
    ReceiptMessageIn,
    ReceiptReadingIn,
    ReceiptRedactionIn,
    ReceiptReopeningIn,
    ReceiptRetaliationIn,
    ReceiptWithdrawalIn,
    Shown,
)
from services.feedback.redactions import actions as redactions
from services.feedback.retaliation.actions import speaking
from services.feedback.retaliation.schemas import CheckedIn, ReportOut, RetaliationIn
from shared.auth import Principal, Require, Role, Staff, get_caller
from shared.http import EdgeRoute, Uow


async def get_desk(request: Request) -> ReceiptDesk:
    desk: ReceiptDesk = request.app.state.desk
    return desk


Desk = Annotated[ReceiptDesk, Depends(get_desk)]
Resident = Annotated[Principal, Depends(Require(Role.resident))]

through_gateway = [Depends(get_caller)]
router = APIRouter(prefix="/v1/receipts", route_class=GuardedRoute, tags=["receipts"], dependencies=through_gateway)
reading = APIRouter(prefix="/v1/receipts", route_class=GuardedQueryRoute, tags=["receipts"], dependencies=through_gateway)

of_cases = APIRouter(prefix="/v1/cases", route_class=EdgeRoute, tags=["receipts"])


@of_cases.post("/{case_id}/receipt", status_code=201)
async def issue_receipt(uow: Uow, desk: Desk, principal: Staff, case_id: UUID) -> IssuedReceiptOut:
    """A receipt to hand to the resident whom a visit's finding concerns, not by the visitor. An earlier one is void."""
    return await actions.issue_receipt(uow, desk, principal, case_id)


@reading.post("/open")
async def open_receipt(uow: Uow, desk: Desk, body: ReceiptIn) -> OpenedReceipt:
    """What became of an opinion. A wrong receipt and one that was never issued are answered alike."""
    return await queries.open_receipt(uow, Holder(await desk.show(body.receipt)), body.cursor)


@router.post("/messages", status_code=201)
async def add_receipt_message(uow: Uow, desk: Desk, body: ReceiptMessageIn) -> MessageOut:
    """Write to the unit, still without a name."""
    case_id = await desk.show(body.receipt)
    return await conversations.add_message(uow, Holder(case_id), case_id, body.text)


@router.post("/read")
async def read_receipt_messages(uow: Uow, desk: Desk, body: ReceiptReadingIn) -> CaseOut:
    """Say up to which message you have read."""
    case_id = await desk.show(body.receipt)
    return await conversations.read_messages(uow, Holder(case_id), case_id, body.up_to)


@router.post("/confirm")
async def confirm_receipt(uow: Uow, desk: Desk, body: ReceiptConfirmationIn) -> CaseOut:
    """Say whether anything changed."""
    case_id = await desk.show(body.receipt)
    said = ConfirmationIn(resolved=body.resolved, satisfied=body.satisfied, score=body.score)
    return await judging.confirm_case(uow, Holder(case_id), case_id, said)


@router.post("/reopen")
async def reopen_receipt(uow: Uow, desk: Desk, body: ReceiptReopeningIn) -> CaseOut:
    """Open a closed case again, within its window."""
    case_id = await desk.show(body.receipt)
    return await reopening.reopen_case(uow, Holder(case_id), case_id, body.reason)


@router.post("/withdraw")
async def withdraw_receipt(uow: Uow, desk: Desk, body: ReceiptWithdrawalIn) -> CaseOut:
    """Take the opinion back, until its case is closed."""
    case_id = await desk.show(body.receipt)
    return await reopening.withdraw_case(uow, Holder(case_id), case_id, body.reason)


@router.post("/appeal")
async def appeal_receipt(uow: Uow, desk: Desk, body: ReceiptAppealIn) -> CaseOut:
    """Ask the unit above to look at the rejection again, until `appealable_until`."""
    case_id = await desk.show(body.receipt)
    return await appeals.appeal_rejection(uow, Holder(case_id), case_id, body.reason)


@router.post("/redact")
async def redact_receipt(uow: Uow, desk: Desk, body: ReceiptRedactionIn) -> CaseOut:
    """Take a passage out of what you wrote, wherever it stands, for good. What the unit wrote stays."""
    case_id = await desk.show(body.receipt)
    return await redactions.redact(uow, Holder(case_id), case_id, body.passage)


@router.post("/check-in")
async def check_in_receipt(uow: Uow, desk: Desk, body: ReceiptCheckInIn) -> CheckedIn:
    """Say whether nobody harms you because you spoke. If somebody does, the answer says how to report it."""
    case_id = await desk.show(body.receipt)
    return await speaking.check_in(uow, Holder(case_id), case_id, safe=body.safe)


@router.post("/retaliation", status_code=201)
async def report_receipt_retaliation(uow: Uow, desk: Desk, body: ReceiptRetaliationIn) -> ReportOut:
    """Report that somebody harms or threatens you because you spoke, still without a name; until the watch ends."""
    case_id = await desk.show(body.receipt)
    said = RetaliationIn(text=body.text, by=body.by)
    return await speaking.report_retaliation(uow, Holder(case_id), case_id, said)


@router.post("/claim")
async def claim_receipt(uow: Uow, desk: Desk, principal: Resident, body: ReceiptClaimIn) -> CaseOut:
    """Sign in and make the case your own that somebody in a unit wrote down for you: it is among your cases from now on, and the
    receipt is void, also for whoever has seen it."""
    return await actions.claim_case(uow, principal, Holder(await desk.show(body.receipt)))


@router.post("/attachments", status_code=201, openapi_extra=form_of("receipt"))
async def add_receipt_attachment(uow: Uow, desk: Desk, files: Files, request: Request) -> AttachmentOut:
    """Attach a picture or a PDF, still without a name: it is written anew, and nothing of its origin is kept."""
    form = await read_form(request, "receipt")
    case_id = await desk.show(form.texts["receipt"])
    return await attachments.add_attachment(uow, files, Holder(case_id), case_id, form.file)


@reading.post("/attachments/{attachment_id}", response_class=StreamingResponse, responses=SENT)
async def get_receipt_attachment(uow: Uow, desk: Desk, files: Files, attachment_id: UUID, body: Shown) -> StreamingResponse:
    """A file of the case."""
    case_id = await desk.show(body.receipt)
    return await send_file(files, await get_attachment(uow, Holder(case_id), case_id, attachment_id))


@reading.post("/attachments/{attachment_id}/thumbnail", response_class=StreamingResponse, responses=SENT)
async def get_receipt_thumbnail(uow: Uow, desk: Desk, files: Files, attachment_id: UUID, body: Shown) -> StreamingResponse:
    """A small JPEG of a picture; a document has none."""
    case_id = await desk.show(body.receipt)
    return await send_file(files, await get_attachment(uow, Holder(case_id), case_id, attachment_id), thumbnail=True)


@router.post("/attachments/{attachment_id}/remove")
async def remove_receipt_attachment(uow: Uow, desk: Desk, files: Files, attachment_id: UUID, body: Shown) -> CaseOut:
    """Take back a file of your own, until the case is closed."""
    case_id = await desk.show(body.receipt)
    return await attachments.remove_attachment(uow, files, Holder(case_id), case_id, attachment_id)
