"""Directives and tasks as they are asked for and shown. What is done is shown by unit; persons are kept and not shown."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from services.assessment.directives.models import Directive, Task
from services.assessment.directives.rules import EvidenceKind, TaskState, is_overdue
from shared.events.assessment import OverdueCause
from shared.types import Body, Code, In, Level, Line, Moment, Out


class DirectiveIn(In):
    code: Code = Field(description="Unique, and for ever.")
    unit_id: UUID = Field(description="The issuing unit: every unit below it gets a task.")
    title: Line
    text: Body
    campaign_id: UUID | None = Field(None, description="Units that this campaign leaves out get no task.")
    levels: Annotated[tuple[Level, ...], Field(min_length=1, max_length=len(Level))] | None = Field(
        None, description="Only units of these levels; null for every level."
    )
    acknowledge_within: Annotated[int, Field(ge=1, le=365, strict=True, description="Days.")]
    due_at: Moment | None = None


class DirectiveOut(Out):
    id: UUID
    code: str
    unit_id: UUID
    campaign_id: UUID | None
    title: str
    text: str
    levels: list[Level] | None
    acknowledge_by: datetime
    due_at: datetime | None
    issued_at: datetime
    cascaded: bool = Field(description="Whether every unit has its task by now.")


class EvidenceIn(In):
    kind: EvidenceKind
    id: UUID


class DoneIn(In):
    report: Body = Field(description="What was done.")
    evidence: Annotated[tuple[EvidenceIn, ...], Field(min_length=1, max_length=50, description="What it can be seen from.")]


class SendBackIn(In):
    reason: Line


class NoteIn(In):
    text: Body


class EvidenceOut(Out):
    kind: EvidenceKind
    id: UUID


class TaskOut(Out):
    id: UUID
    directive_id: UUID
    unit_id: UUID
    unit_code: str
    level: Level
    above_unit_id: UUID | None = Field(description="The nearest unit above that has a task of this directive too.")
    above_task_id: UUID | None = Field(description="That task.")
    state: TaskState
    overdue: bool
    acknowledge_by: datetime
    due_at: datetime | None
    acknowledged_at: datetime | None
    done_at: datetime | None
    report: str | None
    evidence: list[EvidenceOut]
    sent_back_at: datetime | None
    sent_back_reason: str | None
    escalated_to: UUID | None = Field(description="The highest unit that was told that it is overdue. It is owed below.")

    @classmethod
    def of(cls, task: Task, unit_code: str, above_task_id: UUID | None, now: datetime) -> Self:
        overdue = is_overdue(task.state, task.acknowledge_by, task.due_at, now)
        return cls.model_validate(
            {**task.model_dump(), "unit_code": unit_code, "above_task_id": above_task_id, "overdue": overdue}
        )


class StepOut(Out):
    step: int
    cause: OverdueCause
    to_unit_id: UUID
    escalated_at: datetime


class NoteOut(Out):
    id: UUID
    unit_id: UUID = Field(description="Whose note it is: it is for this unit and those below it.")
    text: str
    written_at: datetime


class TaskDetail(TaskOut):
    directive: DirectiveOut
    notes: list[NoteOut] = Field(description="Of the unit and those above it, oldest first.")
    steps: list[StepOut]


class RollOutFigures(Out):
    """`issued` counts every task; `acknowledged` those that are, also the done ones."""

    issued: int = 0
    acknowledged: int = 0
    done: int = 0
    overdue: int = 0


class LevelRollOut(RollOutFigures):
    level: Level


class ChildRollOut(RollOutFigures):
    unit_id: UUID
    unit_code: str


class RollOutOut(RollOutFigures):
    directive_id: UUID
    cascaded: bool
    levels: list[LevelRollOut]
    children: list[ChildRollOut] = Field(description="By the unit directly below the issuing one, with all below it.")


def show_directive(directive: Directive) -> DirectiveOut:
    return DirectiveOut.model_validate(directive)
