"""What goes in and out of the opinion routes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.feedback.cases.rules import Channel, Protection
from services.feedback.cases.schemas import ReaderOut
from services.feedback.opinions.rules import MOST_ABOUT
from shared.events.feedback import ClockKind
from shared.types import Body, Code, In, Line, Moment, Out


class OriginIn(In):
    """Where an imported record comes from."""

    system: Code
    reference: Line
    reported_at: Moment | None = None


class OpinionIn(In):
    channel: Channel
    title: Line
    body: Body
    unit_id: UUID
    protection: Protection = Protection.named
    category: Code | None = None
    about: Annotated[
        tuple[UUID, ...],
        Field(max_length=MOST_ABOUT, description="Units that it is about: they and the units below them never read it."),
    ] = ()
    origin: Annotated[OriginIn | None, Field(description="For administrators: the record of another system.")] = None


class DueOut(Out):
    kind: ClockKind
    due_at: datetime


class OpinionOut(Out):
    id: UUID
    case_id: UUID
    receipt: str | None = Field(description="Anonymous only: the one way back. It is shown once and cannot be recovered.")
    readers: list[ReaderOut]
    clocks: list[DueOut]
