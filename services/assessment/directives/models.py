"""Directives, the tasks that they become in the units below, and whom overdue ones were told to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Enum, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.assessment.directives.rules import TaskState
from services.assessment.tables import AssessmentTable
from shared.events.assessment import OverdueCause
from shared.types import JsonObject, Level, enum_check

MOMENT = DateTime(timezone=True)
CASCADING = "NOT cascaded"
LATE = "overdue_at IS NOT NULL"
"""Conditions of the partial indexes, which the jobs repeat to the letter so that PostgreSQL uses them."""


class Directive(AssessmentTable, table=True):
    """Issued by `unit_id` to the units below it. `cascaded_to`: the last unit that has its task; `cascaded`: all have."""

    __tablename__ = "directives"
    __table_args__ = (
        Index("directives_unit", "unit_id", "id"),
        Index("directives_cascading", "id", postgresql_where=text(CASCADING)),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(sa_type=Text, unique=True)
    unit_id: UUID = Field(foreign_key="units.id")
    campaign_id: UUID | None = Field(foreign_key="campaigns.id", index=True)
    title: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
    levels: list[str] | None = Field(sa_type=JSONB(none_as_null=True))
    acknowledge_by: datetime = Field(sa_type=MOMENT)
    due_at: datetime | None = Field(sa_type=MOMENT)
    issued_by: UUID
    issued_at: datetime = Field(sa_type=MOMENT)
    cascaded_to: UUID | None = None
    cascaded: bool = False


class Task(AssessmentTable, table=True):
    """What a directive asks of one unit. `above_unit_id`: the nearest unit above that has a task of it too; `branch_id`: the
    child of the issuing unit that it stands under. `overdue_at`: when the next unit above is told; `escalated_to`: the last that
    was, of the present delay; `step` counts them over the whole life of the task.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint(enum_check("state", TaskState), name="tasks_state"),
        CheckConstraint(enum_check("level", Level), name="tasks_level"),
        CheckConstraint("state <> 'done' OR report IS NOT NULL", name="tasks_done_with_a_report"),
        UniqueConstraint("directive_id", "unit_id", name="tasks_once"),
        Index("tasks_unit", "unit_id", "id"),
        Index("tasks_late", "overdue_at", postgresql_where=text(LATE)),
    )

    id: UUID = Field(primary_key=True)
    directive_id: UUID = Field(foreign_key="directives.id")
    unit_id: UUID = Field(foreign_key="units.id")
    level: Level = Field(sa_type=Enum(Level, native_enum=False, length=32))
    above_unit_id: UUID | None = None
    branch_id: UUID
    state: TaskState = Field(sa_type=Enum(TaskState, native_enum=False, length=32))
    acknowledge_by: datetime = Field(sa_type=MOMENT)
    due_at: datetime | None = Field(sa_type=MOMENT)
    acknowledged_by: UUID | None = None
    acknowledged_at: datetime | None = Field(default=None, sa_type=MOMENT)
    done_by: UUID | None = None
    done_at: datetime | None = Field(default=None, sa_type=MOMENT)
    report: str | None = Field(default=None, sa_type=Text)
    evidence: list[JsonObject] = Field(sa_type=JSONB)
    sent_back_by: UUID | None = None
    sent_back_at: datetime | None = Field(default=None, sa_type=MOMENT)
    sent_back_reason: str | None = Field(default=None, sa_type=Text)
    overdue_at: datetime | None = Field(default=None, sa_type=MOMENT)
    escalated_to: UUID | None = None
    step: int = 0


class TaskStep(AssessmentTable, table=True):
    """An overdue task was told to `to_unit_id`. It is owed below all the same."""

    __tablename__ = "task_steps"
    __table_args__ = (CheckConstraint(enum_check("cause", OverdueCause), name="task_steps_cause"),)

    task_id: UUID = Field(primary_key=True, foreign_key="tasks.id")
    step: int = Field(primary_key=True)
    cause: OverdueCause = Field(sa_type=Enum(OverdueCause, native_enum=False, length=32))
    to_unit_id: UUID
    escalated_at: datetime = Field(sa_type=MOMENT)


class TaskNote(AssessmentTable, table=True):
    """What `unit_id` adds to a directive for itself and the units below it."""

    __tablename__ = "task_notes"
    __table_args__ = (Index("task_notes_directive", "directive_id", "unit_id", "id"),)

    id: UUID = Field(primary_key=True)
    directive_id: UUID = Field(foreign_key="directives.id")
    unit_id: UUID = Field(foreign_key="units.id", index=True)
    text: str = Field(sa_type=Text)
    written_by: UUID
    written_at: datetime = Field(sa_type=MOMENT)
