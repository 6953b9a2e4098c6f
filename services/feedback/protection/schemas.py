"""What goes in and out of the receipt routes."""

from typing import Annotated

from pydantic import Field, StringConstraints

from services.feedback.appeals.schemas import AppealIn
from services.feedback.attachments.schemas import AttachmentOut
from services.feedback.cases.schemas import CaseOut, ConfirmationIn, ReaderOut, ReopeningIn, TimelineEntry, WithdrawalIn
from services.feedback.conversations.schemas import MessageIn, MessageOut, ReadingIn
from services.feedback.identity_requests.schemas import IdentityRequestOut
from services.feedback.redactions.schemas import RedactionIn
from services.feedback.retaliation.schemas import CheckInIn, RetaliationIn, WatchOut
from shared.types import In, Out, Text

Code = Annotated[Text, StringConstraints(max_length=100)]
"""Any text: a malformed receipt is answered like a wrong one."""


class Shown(In):
    receipt: Code


class ReceiptIn(Shown):
    cursor: Annotated[str | None, Field(max_length=200, description="`next_cursor`, for the messages after those.")] = None


class ReceiptClaimIn(Shown):
    pass


class ReceiptMessageIn(Shown, MessageIn):
    pass


class ReceiptReadingIn(Shown, ReadingIn):
    pass


class ReceiptConfirmationIn(Shown, ConfirmationIn):
    pass


class ReceiptReopeningIn(Shown, ReopeningIn):
    pass


class ReceiptAppealIn(Shown, AppealIn):
    pass


class ReceiptRedactionIn(Shown, RedactionIn):
    pass


class ReceiptWithdrawalIn(Shown, WithdrawalIn):
    pass


class ReceiptCheckInIn(Shown, CheckInIn):
    pass


class ReceiptRetaliationIn(Shown, RetaliationIn):
    pass


class IssuedReceiptOut(Out):
    receipt: str = Field(description="Shown once. For the resident alone, who opens the case with it: POST /v1/receipts/open.")


class OpenedReceipt(Out):
    case: CaseOut
    messages: list[MessageOut]
    next_cursor: str | None
    timeline: list[TimelineEntry] = Field(description="What was done to the case, by which role; oldest first.")
    attachments: list[AttachmentOut]
    readers: list[ReaderOut] = Field(description="Everybody who can read any of this.")
    watch: WatchOut
    identity_requests: list[IdentityRequestOut] = Field(description="Everybody who asked to know who you are.")
