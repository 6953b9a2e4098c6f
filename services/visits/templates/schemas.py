"""Visit templates as they come in and go out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.visits.templates.models import VisitTemplate
from services.visits.templates.rules import MOST_OPTIONS, MOST_QUESTIONS, Question, QuestionKind
from shared.languages import Language
from shared.types import Code, Finite, In, Line, Out


class TitleIn(In):
    en: Line
    zh: Line


class OptionIn(In):
    code: Code
    title: TitleIn


class QuestionIn(In):
    code: Code
    title: TitleIn
    kind: QuestionKind
    options: Annotated[tuple[OptionIn, ...], Field(max_length=MOST_OPTIONS, description="What a choice is made from.")] = ()
    least: Finite | None = Field(None, description="Of a number.")
    most: Finite | None = Field(None, description="Of a number.")
    required: Annotated[bool, Field(strict=True)] = False

    def asked(self) -> Question:
        codes = frozenset(option.code for option in self.options)
        return Question(self.code, self.kind, self.required, codes, self.least, self.most)


class TemplateIn(In):
    unit_id: UUID = Field(description="Its owner; the units below it use the template too.")
    code: Code = Field(description="The same code in the same unit again is the next version.")
    title: TitleIn
    questions: Annotated[tuple[QuestionIn, ...], Field(min_length=1, max_length=MOST_QUESTIONS)]

    def codes(self) -> dict[str, str]:
        """By the names of their fields."""
        of_questions = {f"body.questions.{at}.code": question.code for at, question in enumerate(self.questions)}
        return {"body.code": self.code, **of_questions}

    def titles(self) -> dict[str, str]:
        """By the names of their fields."""
        titles = {"body.title": self.title}
        for at, question in enumerate(self.questions):
            titles[f"body.questions.{at}.title"] = question.title
            titles |= {f"body.questions.{at}.options.{n}.title": option.title for n, option in enumerate(question.options)}
        return {f"{field}.{language}": words for field, title in titles.items() for language, words in title}


class OptionOut(Out):
    code: str
    title: Mapping[Language, str]


class QuestionOut(OptionOut):
    kind: QuestionKind
    options: list[OptionOut]
    least: float | None
    most: float | None
    required: bool


class TemplateOut(Out):
    id: UUID
    version: int
    unit_id: UUID
    code: str
    title: Mapping[Language, str]
    questions: list[QuestionOut]
    created_at: datetime

    @classmethod
    def of(cls, row: VisitTemplate) -> Self:
        return cls.model_validate({**row.model_dump(), "title": {Language.en: row.title_en, Language.zh: row.title_zh}})


def asked_by(row: VisitTemplate) -> list[Question]:
    """The questions of a template as answers are checked against them."""
    return [QuestionIn.model_validate(question).asked() for question in row.questions]
