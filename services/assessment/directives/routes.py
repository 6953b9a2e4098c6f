"""Directives and the tasks that they become, over HTTP."""

from uuid import UUID

from fastapi import APIRouter

from services.assessment.directives import queries
from services.assessment.directives.actions import issuing, working
from services.assessment.directives.rules import TaskState
from services.assessment.directives.schemas import (
    DirectiveIn,
    DirectiveOut,
    DoneIn,
    NoteIn,
    RollOutOut,
    SendBackIn,
    TaskDetail,
    TaskOut,
    show_directive,
)
from shared.auth import Overseer, Staff
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit
from shared.types import NothingIn

NOTHING = NothingIn()

router = APIRouter(prefix="/v1/directives", route_class=EdgeRoute, tags=["directives"])
tasks_router = APIRouter(prefix="/v1/tasks", route_class=EdgeRoute, tags=["directives"])


@router.post("", status_code=201)
async def issue_directive(body: DirectiveIn, uow: Uow, principal: Staff) -> DirectiveOut:
    """By a lead of the issuing unit: every unit below it, or those of the given levels, gets a task, as a rule soon."""
    return show_directive(await issuing.issue_directive(uow, principal, body))


@router.get("")
async def list_directives(uow: Uow, principal: Overseer, limit: PageLimit = 50, cursor: PageCursor = None) -> Page[DirectiveOut]:
    """Those that were issued in your scope or above you, oldest first."""
    return await queries.list_directives(uow, principal, limit=limit, cursor=cursor)


@router.get("/{directive_id}")
async def get_directive(directive_id: UUID, uow: Uow, principal: Overseer) -> DirectiveOut:
    """One directive."""
    return show_directive(await queries.find_directive(uow, principal, directive_id))


@router.get("/{directive_id}/rollout")
async def get_roll_out(directive_id: UUID, uow: Uow, principal: Overseer) -> RollOutOut:
    """How many tasks are issued, acknowledged, done and overdue: by level, and by the unit directly below the issuing one."""
    return await queries.show_roll_out(uow, await queries.find_directive(uow, principal, directive_id))


@tasks_router.get("")
async def list_tasks(
    uow: Uow,
    principal: Overseer,
    directive_id: UUID | None = None,
    unit_id: UUID | None = None,
    above_unit_id: UUID | None = None,
    state: TaskState | None = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[TaskOut]:
    """Tasks in your scope. By `directive_id` and `above_unit_id` a cascade is read level by level."""
    asked = {"directive_id": directive_id, "unit_id": unit_id, "above_unit_id": above_unit_id}
    return await queries.list_tasks(uow, principal, **asked, state=state, limit=limit, cursor=cursor)


@tasks_router.get("/{task_id}")
async def get_task(task_id: UUID, uow: Uow, principal: Overseer) -> TaskDetail:
    """One task: its directive, what the units above add to it, and whom it was told to when it was overdue."""
    return await queries.show_task(uow, await queries.find_task(uow, principal, task_id))


@tasks_router.post("/{task_id}/acknowledge")
async def acknowledge_task(task_id: UUID, uow: Uow, principal: Staff, body: NothingIn = NOTHING) -> TaskDetail:
    """The unit has seen what is asked of it."""
    return await queries.show_task(uow, await working.acknowledge_task(uow, principal, task_id))


@tasks_router.post("/{task_id}/notes")
async def note_on_task(task_id: UUID, body: NoteIn, uow: Uow, principal: Staff) -> TaskDetail:
    """Add something for your unit and every unit below it."""
    return await queries.show_task(uow, await working.note_on_task(uow, principal, task_id, body.text))


@tasks_router.post("/{task_id}/done")
async def finish_task(task_id: UUID, body: DoneIn, uow: Uow, principal: Staff) -> TaskDetail:
    """Report what was done, and what it can be seen from."""
    return await queries.show_task(uow, await working.finish_task(uow, principal, task_id, body.report, body.evidence))


@tasks_router.post("/{task_id}/send-back")
async def send_task_back(task_id: UUID, body: SendBackIn, uow: Uow, principal: Staff) -> TaskDetail:
    """By a lead of a unit above: what was reported done is to be done again, for a reason."""
    return await queries.show_task(uow, await working.send_task_back(uow, principal, task_id, body.reason))
