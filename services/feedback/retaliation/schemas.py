"""What goes in and out of the routes of the watch."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.feedback.cases.schemas import ReaderOut
from services.feedback.conversations.schemas import MessageOut
from services.feedback.retaliation.rules import MOST_ACCUSED, ReportState
from shared.types import Body, In, Out


class CheckInIn(In):
    safe: Annotated[bool, Field(strict=True, description="Whether nobody harms or threatens you because you spoke.")]


class RetaliationIn(In):
    text: Body = Field(description="What happened to you because you spoke, in your own words.")
    by: Annotated[
        tuple[UUID, ...],
        Field(max_length=MOST_ACCUSED, description="Units that did it: neither they nor the units below them read the report."),
    ] = ()


class ReportDecisionIn(In):
    substantiated: Annotated[bool, Field(strict=True, description="Whether a unit retaliated.")]
    unit_id: UUID | None = Field(None, description="Which unit did, where one did: not your own, nor one above it.")
    reason: Body = Field(description="The speaker reads it.")


class ReportItem(Out):
    """A report as a list shows it."""

    id: UUID
    case_id: UUID
    state: ReportState
    unit_id: UUID = Field(description="The unit that looks into it first.")
    reported_at: datetime
    acknowledge_by: datetime
    decide_by: datetime
    due_at: datetime | None = Field(description="The deadline that counts now; null once it is decided.")
    overdue: bool
    acknowledged_at: datetime | None
    decided_at: datetime | None
    substantiated: bool | None
    retaliating_unit_id: UUID | None = Field(description="The unit that was found to have retaliated.")


class ReportOut(ReportItem):
    """A whole report."""

    text: str
    by: list[UUID]
    readers: list[ReaderOut] = Field(description="The units whose lead and inspectors read it. Nobody else does.")
    reason: str | None = Field(description="Why it was decided so.")


class InspectedReport(ReportOut):
    """A report as those read it who look into it, with what the speaker had said before."""

    case_unit_id: UUID = Field(description="The unit that owes the case.")
    about: list[UUID] = Field(description="Units that the opinion is about.")
    title: str
    body: str | None
    messages: list[MessageOut] = Field(description="The first hundred of the case.")
    unsafe_on: list[date] = Field(description="Days on which the speaker said that they are not safe.")


class WatchOut(Out):
    """What becomes of a speaker after they spoke."""

    until: datetime = Field(description="Until when retaliation can be reported here; each report makes it longer.")
    check_in_due: bool = Field(description="Whether it is time to say again whether you are safe.")
    last_check_in_on: date | None
    next_check_in_on: date | None
    unsafe_on: list[date] = Field(description="Days on which you said that you are not safe; who reads a report sees them.")
    reports: list[ReportOut] = Field(description="Oldest first.")


class CheckedIn(Out):
    watch: WatchOut
    advice: str | None = Field(description="What to do, for whoever is not safe, in the language that `Accept-Language` prefers.")
