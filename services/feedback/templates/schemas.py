"""What goes in and out of the template routes."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.feedback.conversations.rules import MessageKind
from shared.languages import Language
from shared.types import Body, Code, In, Line, Out

Gapped = Annotated[
    Body, Field(description="May hold {case_title}, {unit_name}, {due_date}, {opened_on} and {category}; {{ and }} for a brace.")
]


class TemplateChangeIn(In):
    title: Line
    text: Gapped
    kind: MessageKind


class TemplateIn(TemplateChangeIn):
    unit_id: UUID
    code: Code
    language: Language


class TemplateOut(Out):
    id: UUID
    unit_id: UUID
    code: str
    language: Language
    kind: MessageKind
    title: str
    text: str
    version: int


class FilledOut(Out):
    text: str
