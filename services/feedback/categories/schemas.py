"""What goes in and out of the category routes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from services.feedback.cases.rules import Channel
from services.feedback.categories.models import CategoryRow
from services.feedback.categories.rules import MOST_ATTRIBUTES, MOST_KEYWORDS, MOST_VALUES, Datatype
from shared.languages import Language
from shared.types import Body, Code, In, Level, Line, Out

Keyword = Annotated[Line, StringConstraints(max_length=60)]


class NameIn(In):
    en: Line
    zh: Line


class ValueIn(In):
    key: Code
    name: Line


class AttributeIn(In):
    """What an opinion in this category may say besides its words, in Open311's terms."""

    code: Code
    datatype: Datatype
    required: Annotated[bool, Field(strict=True)] = False
    description: Line
    values: Annotated[tuple[ValueIn, ...], Field(max_length=MOST_VALUES, description="What a list may be chosen from.")] = ()
    order: Annotated[int, Field(strict=True, ge=0, le=1000, description="Where it stands in a form.")] = 0


class CategoryChangeIn(In):
    name: NameIn
    channels: Annotated[tuple[Channel, ...], Field(min_length=1, max_length=len(Channel))]
    keywords: Annotated[tuple[Keyword, ...], Field(max_length=MOST_KEYWORDS, description="Words of any language.")] = ()
    default_unit_id: Annotated[UUID | None, Field(description="The unit that gets an opinion which names none.")] = None
    level: Annotated[
        Level | None, Field(description="An opinion that names an area goes to the unit of this level that the area lies in.")
    ] = None
    attributes: Annotated[tuple[AttributeIn, ...], Field(max_length=MOST_ATTRIBUTES)] = ()


class CategoryIn(CategoryChangeIn):
    code: Code


class SuggestionIn(In):
    text: Annotated[Body, StringConstraints(max_length=2_000)]
    channel: Channel | None = None


class ValueOut(Out):
    key: str
    name: str


class AttributeOut(Out):
    code: str
    datatype: Datatype
    required: bool
    description: str
    values: list[ValueOut]
    order: int


class CategoryOut(Out):
    code: str
    title: str = Field(description="Its name in the language that `Accept-Language` prefers, English or Chinese.")
    name: Mapping[Language, str]
    channels: list[Channel]
    keywords: list[str]
    default_unit_id: UUID | None
    level: Level | None
    attributes: list[AttributeOut]
    version: int
    retired_at: datetime | None

    @classmethod
    def of(cls, row: CategoryRow, language: Language) -> "CategoryOut":
        name = {Language.en: row.name_en, Language.zh: row.name_zh}
        attributes: list[dict[str, Any]] = sorted(row.attributes, key=lambda attribute: attribute["order"])
        return cls.model_validate({**row.model_dump(), "name": name, "title": name[language], "attributes": attributes})


class SuggestionOut(Out):
    code: str
    title: str
    score: int = Field(description="How many of its keywords the text holds.")


class SuggestionsOut(Out):
    items: list[SuggestionOut]
