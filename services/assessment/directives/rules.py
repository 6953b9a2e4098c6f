"""How a task of a directive goes, when it is overdue, and whom that is told to."""

from datetime import datetime, timedelta
from enum import StrEnum

from shared.errors import Conflict, Invalid

STEP = timedelta(days=3)
"""How long one unit further up has, before the next one is told."""
SENT_BACK_BY = "task.sent-back-from-above"
"""By which rule a task is to be done again."""


class TaskState(StrEnum):
    issued = "issued"
    acknowledged = "acknowledged"
    done = "done"


class EvidenceKind(StrEnum):
    case = "case"
    visit = "visit"
    activity = "activity"
    outcome = "outcome"


MOVES = {
    TaskState.issued: frozenset({TaskState.acknowledged}),
    TaskState.acknowledged: frozenset({TaskState.done}),
    TaskState.done: frozenset({TaskState.acknowledged}),
}
"""A task that is sent back is again one to be done."""
HOW = {
    TaskState.issued: "It is not acknowledged yet: do that first.",
    TaskState.acknowledged: "It is acknowledged: report it done, or wait for that.",
    TaskState.done: "It is done: only a unit above sends it back.",
}


def move(state: TaskState, to: TaskState, *, back: bool = False) -> TaskState:
    """Raises `Conflict` (task-issued, task-acknowledged, task-done)."""
    if to not in MOVES[state] or back is not (state is TaskState.done):
        raise Conflict(f"task-{state}", HOW[state])
    return to


def check_due(due_at: datetime | None, acknowledge_by: datetime) -> None:
    """Raises `Invalid` (directive-due-too-early)."""
    if due_at is not None and due_at < acknowledge_by:
        raise Invalid("directive-due-too-early", "`due_at` must not be before the last day for acknowledging.")


def is_overdue(state: TaskState, acknowledge_by: datetime, due_at: datetime | None, now: datetime) -> bool:
    by = {TaskState.issued: acknowledge_by, TaskState.acknowledged: due_at, TaskState.done: None}[state]
    return by is not None and by < now


def due_again(due_at: datetime | None, now: datetime) -> datetime | None:
    """When a task that was sent back is overdue: there is always time for what was asked again."""
    return None if due_at is None else max(due_at, now + STEP)
