"""What goes in and out of the opinion routes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from services.feedback.cases.rules import Assistance, Channel, Kind, Protection
from services.feedback.cases.schemas import ReaderOut
from services.feedback.categories.rules import LARGEST_NUMBER, LONGEST_TEXT, MOST_ATTRIBUTES, MOST_VALUES
from services.feedback.opinions.rules import MOST_ABOUT
from shared.events.feedback import ClockKind
from shared.types import Body, Code, Finite, In, Latitude, Line, Longitude, Moment, Out, Text

AttributeValue = (
    Annotated[Text, StringConstraints(max_length=LONGEST_TEXT)]
    | Annotated[int, Field(strict=True, ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
    | Annotated[Finite, Field(strict=True, gt=-LARGEST_NUMBER, lt=LARGEST_NUMBER)]
    | Annotated[tuple[Code, ...], Field(max_length=MOST_VALUES)]
)
Flag = Annotated[bool, Field(strict=True)]


class OriginIn(In):
    """Where an imported record comes from."""

    system: Code
    reference: Line
    reported_at: Moment | None = None


class IdentityIn(In):
    """Who speaks. It is kept apart from the case, sealed."""

    name: Line
    contact: Annotated[Line | None, Field(description="How to reach you: a number or an address.")] = None


class LocationIn(In):
    """In degrees. It is rounded before it is kept: to about 100 m, of an anonymous speaker to about 1 km."""

    latitude: Latitude
    longitude: Longitude


class PostIn(In):
    """Those who hold this role in the unit."""

    unit_id: UUID
    post: Literal["official", "lead", "inspector"]


class OpinionIn(In):
    channel: Channel
    kind: Annotated[
        Kind | None,
        Field(
            description="What you want with it. thought: question (if you leave it out) or proposal; emotional: help; "
            "public_sentiment: observation; public_opinion: report (if you leave it out), complaint, proposal or commendation."
        ),
    ] = None
    title: Line
    body: Body
    unit_id: Annotated[
        UUID | None, Field(description="The unit that it is said to. May be left out if a registered category says which.")
    ] = None
    area_id: Annotated[
        UUID | None,
        Field(
            description="Instead of `unit_id`: the unit of the area that it concerns. The unit gets it that lies above the area "
            "at the level of its category; if there is none, the category's default unit."
        ),
    ] = None
    protection: Protection = Protection.named
    category: Annotated[
        Code | None,
        Field(
            description="One of GET /v1/categories, which then says what fits; any other code is a label. An imported one is too."
        ),
    ] = None
    attributes: Annotated[
        Mapping[Code, AttributeValue] | None,
        Field(max_length=MOST_ATTRIBUTES, description="What the category asks for, by the code of each attribute."),
    ] = None
    about: Annotated[
        tuple[UUID, ...],
        Field(max_length=MOST_ABOUT, description="Units that it is about: they and the units below them never read it."),
    ] = ()
    about_posts: Annotated[
        tuple[PostIn, ...],
        Field(
            max_length=MOST_ABOUT,
            description="Posts that it is about: those who hold them never read it, and their unit does not get it, but the next "
            "one above.",
        ),
    ] = ()
    location: LocationIn | None = None
    place: Annotated[Line | None, Field(description="Where it is, in a line. Name no home if you want to stay unknown.")] = None
    wants_visit: Annotated[Flag, Field(description="On the channel emotional: whether you would like somebody to come.")] = False
    shared: Annotated[
        Flag,
        Field(
            description="Whether every resident may read title and body, to join you instead of saying the same again. Your name "
            "is never shown. Only with the protection named, and without `about`."
        ),
    ] = False
    assistance: Annotated[
        Assistance | None,
        Field(
            description="For those who work in a unit and write down what somebody says at the counter or on the phone. It is "
            "that person's, by the `receipt` to be handed over, and never the writer's. Of an anonymous speaker "
            "it is not kept which unit wrote it down."
        ),
    ] = None
    identity: Annotated[
        IdentityIn | None,
        Field(
            description="Who you are, if you want to say it; not with the protection anonymous. named: shown to those who handle "
            "the case and to the leads and inspectors above. confidential: masked, until somebody who handles the case asks "
            "with a motive and a second person above agrees; you are shown each time it was opened."
        ),
    ] = None
    origin: Annotated[OriginIn | None, Field(description="For administrators: the record of another system.")] = None


class DueOut(Out):
    kind: ClockKind
    due_at: datetime


class OpinionOut(Out):
    id: UUID
    case_id: UUID
    receipt: str | None = Field(
        description="For an anonymous speaker, and for whom `assistance` was given: the way back. It is shown once and cannot be "
        "recovered."
    )
    readers: list[ReaderOut] = Field(
        description="Every unit that can read it, and why. What is said by name administrators read too, and nothing else."
    )
    clocks: list[DueOut]
    advice: list[str] = Field(
        description="What in your words looks like personal data. You can take it out: POST /v1/cases/{id}/redact, or "
        "/v1/receipts/redact."
    )
