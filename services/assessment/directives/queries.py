"""Reading directives, tasks and how far they have come."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, false, func, or_, select, text, true
from sqlalchemy import Uuid as SqlUuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased
from sqlmodel import col

from services.assessment.directives.models import Directive, Task, TaskNote, TaskStep
from services.assessment.directives.rules import TaskState
from services.assessment.directives.schemas import (
    ChildRollOut,
    DirectiveOut,
    LevelRollOut,
    NoteOut,
    RollOutFigures,
    RollOutOut,
    StepOut,
    TaskDetail,
    TaskOut,
    show_directive,
)
from services.assessment.scopes.queries import is_in_scope
from services.assessment.units.models import Unit
from services.assessment.units.queries import get_unit
from services.assessment.units.rules import SEPARATOR, codes_of
from shared.auth import Principal, Role
from shared.errors import NotFound
from shared.pages import Page, cut, decode_cursor
from shared.types import Level
from shared.uow import UnitOfWork

ROLL_OUT = text("""
    SELECT tasks.level, branch.id AS unit_id, branch.code AS unit_code, count(*) AS issued,
        count(*) FILTER (WHERE state <> 'issued') AS acknowledged,
        count(*) FILTER (WHERE state = 'done') AS done,
        count(*) FILTER (WHERE state = 'issued' AND acknowledge_by < :now OR state = 'acknowledged' AND due_at < :now) AS overdue
    FROM tasks JOIN units AS branch ON branch.id = branch_id
    WHERE directive_id = :directive_id
    GROUP BY GROUPING SETS ((tasks.level), (branch.id, branch.code))
    ORDER BY branch.id
""")
STATES = text("""
    SELECT tasks.unit_id, code, state FROM tasks JOIN directives ON directives.id = directive_id
    WHERE code = ANY (:codes) AND tasks.unit_id = ANY (:units)
""").bindparams(bindparam("units", type_=ARRAY(SqlUuid)))


async def find_directive(uow: UnitOfWork, principal: Principal, directive_id: UUID) -> Directive:
    """One that was issued in the caller's scope or above the caller. Raises `NotFound` (directive-not-found)."""
    directive = await uow.session.get(Directive, directive_id)
    if directive is None or not _concerns(uow, principal, directive):
        raise NotFound("directive-not-found", "There is no directive with this id that you may see.")
    return directive


def _concerns(uow: UnitOfWork, principal: Principal, directive: Directive) -> bool:
    """Issued in the caller's scope, or above the caller."""
    return is_in_scope(uow, principal, directive.unit_id) or uow.units.covers(directive.unit_id, principal.unit_id)


async def list_directives(uow: UnitOfWork, principal: Principal, *, limit: int, cursor: str | None) -> Page[DirectiveOut]:
    """Those that were issued in the caller's scope or above the caller, oldest first."""
    issuer = aliased(Unit)
    statement = (
        select(Directive)
        .join(issuer, col(issuer.id) == col(Directive.unit_id))
        .where(await _in_scope(uow, principal, col(issuer.path), col(issuer.code), with_above=True))
        .order_by(col(Directive.id))
        .limit(limit + 1)
    )
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Directive.id) > after)
    rows, following = cut((await uow.session.scalars(statement)).all(), limit, lambda directive: directive.id)
    return Page(items=[show_directive(directive) for directive in rows], next_cursor=following)


async def find_task(uow: UnitOfWork, principal: Principal, task_id: UUID, *, lock: bool = False) -> Task:
    """One of a unit in the caller's scope. Raises `NotFound` (task-not-found)."""
    task = await uow.session.get(Task, task_id, with_for_update=lock)
    if task is None or not is_in_scope(uow, principal, task.unit_id):
        raise NotFound("task-not-found", "There is no task with this id that you may see.")
    return task


async def list_tasks(
    uow: UnitOfWork,
    principal: Principal,
    *,
    directive_id: UUID | None = None,
    unit_id: UUID | None = None,
    above_unit_id: UUID | None = None,
    state: TaskState | None = None,
    limit: int,
    cursor: str | None,
) -> Page[TaskOut]:
    """Tasks of units in the caller's scope, in the order in which they were made."""
    statement = _tasks().where(await _in_scope(uow, principal, col(Unit.path), col(Unit.code))).limit(limit + 1)
    asked = {"directive_id": directive_id, "unit_id": unit_id, "above_unit_id": above_unit_id, "state": state}
    for name, value in asked.items():
        if value is not None:
            statement = statement.where(getattr(Task, name) == value)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Task.id) > after)
    rows, following = cut((await uow.session.execute(statement)).all(), limit, lambda row: row[0].id)
    return Page(items=[TaskOut.of(task, code, above, uow.now()) for task, code, above in rows], next_cursor=following)


async def show_task(uow: UnitOfWork, task: Task) -> TaskDetail:
    """For somebody in whose scope it is, with what the units above add to it."""
    _, code, above = (await uow.session.execute(_tasks().where(col(Task.id) == task.id))).one()
    steps = select(TaskStep).where(col(TaskStep.task_id) == task.id).order_by(col(TaskStep.step))
    return TaskDetail(
        **TaskOut.of(task, code, above, uow.now()).model_dump(),
        directive=show_directive(await uow.session.get_one(Directive, task.directive_id)),
        notes=[NoteOut.model_validate(note) for note in await _notes_for(uow, task)],
        steps=[StepOut.model_validate(step) for step in await uow.session.scalars(steps)],
    )


async def show_roll_out(uow: UnitOfWork, directive: Directive) -> RollOutOut:
    """Issued, acknowledged, done and overdue: by level, and by the unit directly below the issuing one. One pass."""
    rows = (await uow.session.execute(ROLL_OUT, {"directive_id": directive.id, "now": uow.now()})).mappings().all()
    names = RollOutFigures.model_fields
    levels = {row["level"]: LevelRollOut.model_validate(row) for row in rows if row["level"]}
    return RollOutOut(
        directive_id=directive.id,
        cascaded=directive.cascaded,
        levels=[levels[level] for level in Level if level in levels],
        children=[ChildRollOut.model_validate(row) for row in rows if row["unit_id"]],
        **{name: sum(getattr(part, name) for part in levels.values()) for name in names},
    )


async def states_of_tasks(uow: UnitOfWork, codes: Sequence[str], units: Sequence[UUID]) -> dict[UUID, dict[str, TaskState]]:
    """How the tasks of these directives stand in these units. One query, and none where no directive is asked about."""
    found: dict[UUID, dict[str, TaskState]] = {unit_id: {} for unit_id in units}
    if codes:
        for row in await uow.session.execute(STATES, {"codes": list(codes), "units": list(units)}):
            found[row.unit_id][row.code] = TaskState(row.state)
    return found


def _tasks() -> Select[Task, str, UUID]:
    above = aliased(Task)
    linked = (col(above.directive_id) == col(Task.directive_id)) & (col(above.unit_id) == col(Task.above_unit_id))
    return (
        select(Task, col(Unit.code), col(above.id))
        .join(Unit, col(Unit.id) == col(Task.unit_id))
        .outerjoin(above, linked)
        .order_by(col(Task.id))
    )


async def _notes_for(uow: UnitOfWork, task: Task) -> Sequence[TaskNote]:
    codes = codes_of((await get_unit(uow, task.unit_id)).path)
    statement = (
        select(TaskNote)
        .join(Unit, col(Unit.id) == col(TaskNote.unit_id))
        .where(col(TaskNote.directive_id) == task.directive_id, col(Unit.code).in_(codes))
    )
    return (await uow.session.scalars(statement.order_by(col(TaskNote.id)))).all()


async def _in_scope(
    uow: UnitOfWork, principal: Principal, path: Any, code: Any, *, with_above: bool = False
) -> ColumnElement[bool]:
    """SQL for rows of units in the caller's scope, and above the caller where that is asked for."""
    if principal.role is Role.admin or (principal.role is Role.inspector and principal.unit_id is None):
        return true()
    own = await uow.session.get(Unit, principal.unit_id) if principal.unit_id else None
    if own is None:
        return false()
    mine = path == own.path
    if principal.role in (Role.lead, Role.inspector):
        mine = or_(mine, func.starts_with(path, own.path + SEPARATOR))
    return or_(mine, code.in_(codes_of(own.path))) if with_above else mine
