"""Stages as they are asked for and shown."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from services.assessment.stages.rules import MOST_STAGES, Check, Condition, Plan
from shared.types import In, Level, Out


class StagesIn(In):
    stages: Annotated[tuple[Plan, ...], Field(min_length=1, max_length=MOST_STAGES, description="In their order.")]


class Place(StrEnum):
    """Where a unit stands among the stages."""

    waiting = "waiting"
    in_stage = "in_stage"
    completed = "completed"


class PlaceOut(Out):
    place: Place = Field(description="`waiting`: before the first stage; `completed`: it has left the last one.")
    stage: str | None = Field(description="The code of the stage that it is in.")


class StageOut(Out):
    number: int
    code: str
    name: str
    entry: tuple[Condition, ...]
    exit: tuple[Condition, ...]
    units: int = Field(description="That stand in it now.")
    levels: dict[Level, int]


class StagesOut(Out):
    campaign_id: UUID
    frozen: bool = Field(description="Whether the campaign has started: then they stay as they are.")
    stages: list[StageOut]
    waiting: dict[Level, int] = Field(description="Units before the first stage, by level.")
    completed: dict[Level, int] = Field(description="Units that have left the last one, by level.")


class UnitPlaceOut(PlaceOut):
    unit_id: UUID
    unit_code: str
    level: Level
    entered_at: datetime


class MoveOut(PlaceOut):
    moved_at: datetime
    evidence: list[Check] = Field(description="What was known then.")


class UnitStageOut(UnitPlaceOut):
    campaign_id: UUID
    excluded: bool = Field(description="Whether the campaign leaves it out for now: then it stays where it is.")
    next: PlaceOut | None = Field(description="Where it comes next; null where it stays for good.")
    conditions: list[Check] = Field(description="Of the way there: all of them must be met.")
    history: list[MoveOut] = Field(description="Oldest first.")
