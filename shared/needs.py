"""What visits, activities and outcomes answer to: a need that residents raised, or that was found among them."""

from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from shared.types import Code, In, Line


class NeedKind(StrEnum):
    case = "case"
    topic = "topic"
    finding = "finding"
    consultation = "consultation"


IDENTIFIER: dict[NeedKind, TypeAdapter[object]] = {
    NeedKind.case: TypeAdapter(UUID),
    NeedKind.finding: TypeAdapter(UUID),
    NeedKind.consultation: TypeAdapter(UUID),
    NeedKind.topic: TypeAdapter(Code),
}


class Need(In):
    """What it answers to."""

    kind: NeedKind
    id_or_code: Line = Field(description="The id of a case, finding or consultation, or the code of a topic.")

    @model_validator(mode="after")
    def _named_as_its_kind_is(self) -> Self:
        try:
            IDENTIFIER[self.kind].validate_python(self.id_or_code)
        except ValidationError:
            raise PydanticCustomError(
                "need", "id_or_code must be an id for a case, finding or consultation, a code for a topic"
            ) from None
        return self

    @property
    def ref(self) -> str:
        """The identifier in one spelling."""
        return str(IDENTIFIER[self.kind].validate_python(self.id_or_code))
