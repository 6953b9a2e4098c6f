"""Activity templates as they come in and go out."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.visits.activity_templates.models import ActivityTemplate
from services.visits.activity_templates.rules import ActivityKind
from shared.types import Code, In, Level, Line, Out

MOST_STEPS = 30
LONGEST_NOTICE = 90
Participants = Annotated[int, Field(strict=True, ge=1, le=100_000)]


class ActivityTitle(In):
    en: Line
    zh: Line


class ActivityEffectKind(In):
    """What is to change, and in what it is measured."""

    indicator: Code
    unit_of_measure: Line


class NewActivityTemplate(In):
    code: Code = Field(description="A code that is there already gets its next version.")
    kind: ActivityKind
    levels: Annotated[frozenset[Level], Field(min_length=1, description="Of the units that it is for.")]
    title: ActivityTitle
    target_group: Line = Field(description="Whom it is for, as a group.")
    expected_effect: ActivityEffectKind
    least_participants: Participants = 1
    most_participants: Participants = 1_000
    needs_place: Annotated[bool, Field(strict=True)] = True
    least_days_notice: Annotated[
        int, Field(strict=True, ge=0, le=LONGEST_NOTICE, description="How long before it begins an activity is to be planned.")
    ] = 0
    steps: Annotated[tuple[Line, ...], Field(max_length=MOST_STEPS, description="How it is done, in order.")] = ()


class ActivityTemplateOut(Out):
    id: UUID
    unit_id: UUID | None = Field(description="Whose it is, with all units below; null where it is everybody's.")
    code: str
    version: int
    kind: ActivityKind
    levels: list[Level]
    title: ActivityTitle
    target_group: str
    expected_effect: ActivityEffectKind
    least_participants: int
    most_participants: int
    needs_place: bool
    least_days_notice: int
    steps: list[str]
    created_at: datetime

    @classmethod
    def of(cls, template: ActivityTemplate) -> Self:
        title = {"en": template.title_en, "zh": template.title_zh}
        effect = {"indicator": template.indicator, "unit_of_measure": template.unit_of_measure}
        return cls.model_validate({**template.model_dump(), "title": title, "expected_effect": effect})
