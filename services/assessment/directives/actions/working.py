"""What a unit does about its task, and sending it back."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from services.assessment.decisions.actions import record_decision
from services.assessment.directives.models import Task, TaskNote
from services.assessment.directives.queries import find_task
from services.assessment.directives.rules import SENT_BACK_BY, EvidenceKind, TaskState, due_again, move
from services.assessment.directives.schemas import EvidenceIn
from services.assessment.indicators.models import CaseEvidence, VisitEvidence
from services.assessment.scopes.queries import leads_above
from shared.auth import Principal, Role
from shared.errors import Forbidden, Invalid
from shared.events.assessment import TaskAcknowledged, TaskDone
from shared.uow import UnitOfWork


async def acknowledge_task(uow: UnitOfWork, principal: Principal, task_id: UUID) -> Task:
    """The unit has seen what is asked of it. Records `TaskAcknowledged`.

    Raises `NotFound` (task-not-found), `Forbidden` (task-not-yours), `Conflict` (task-acknowledged, task-done).
    """
    task = await _own_task(uow, principal, task_id)
    now = uow.now()
    task.state = move(task.state, TaskState.acknowledged)
    task.acknowledged_by, task.acknowledged_at = principal.account, now
    task.overdue_at, task.escalated_to = task.due_at, None
    in_time = now <= task.acknowledge_by
    await uow.record(TaskAcknowledged(**_told(task), acknowledged_at=now, in_time=in_time))
    return await _kept(uow, task)


async def finish_task(uow: UnitOfWork, principal: Principal, task_id: UUID, report: str, evidence: Sequence[EvidenceIn]) -> Task:
    """What was done, and what it can be seen from. Records `TaskDone`.

    Raises like `acknowledge_task`, and `Conflict` (task-issued), `Invalid` (evidence-not-known).
    """
    task = await _own_task(uow, principal, task_id)
    state = move(task.state, TaskState.done)
    await _check_evidence(uow, task.unit_id, evidence)
    now = uow.now()
    task.state, task.report, task.evidence = state, report, [each.model_dump(mode="json") for each in evidence]
    task.done_by, task.done_at = principal.account, now
    task.overdue_at = None
    in_time = None if task.due_at is None else now <= task.due_at
    await uow.record(TaskDone(**_told(task), evidence=len(evidence), done_at=now, in_time=in_time))
    return await _kept(uow, task)


async def send_task_back(uow: UnitOfWork, principal: Principal, task_id: UUID, reason: str) -> Task:
    """What was reported done is to be done again, a lead of a unit above says, with the reason; the report stays until then.

    Raises `NotFound` (task-not-found), `Forbidden` (task-from-above), `Conflict` (task-issued, task-acknowledged).
    """
    task = await find_task(uow, principal, task_id, lock=True)
    if not leads_above(uow, principal, task.unit_id):
        raise Forbidden("task-from-above", "Only a lead of a unit above this one, or an administrator, sends its task back.")
    task.state = move(task.state, TaskState.acknowledged, back=True)
    task.sent_back_by, task.sent_back_at, task.sent_back_reason = principal.account, uow.now(), reason
    task.overdue_at, task.escalated_to = due_again(task.due_at, uow.now()), None
    await record_decision(
        uow,
        principal,
        kind="task.sent-back",
        subject="task",
        subject_id=task.id,
        unit_id=task.unit_id,
        rule=SENT_BACK_BY,
        reason=reason,
        public=False,
    )
    return await _kept(uow, task)


async def note_on_task(uow: UnitOfWork, principal: Principal, task_id: UUID, text: str) -> Task:
    """What the unit adds to the directive, for itself and for every unit below it.

    Raises `NotFound` (task-not-found), `Forbidden` (task-not-yours).
    """
    task = await _own_task(uow, principal, task_id)
    note = TaskNote(
        id=uow.new_id(),
        directive_id=task.directive_id,
        unit_id=task.unit_id,
        text=text,
        written_by=principal.account,
        written_at=uow.now(),
    )
    uow.session.add(note)
    return await _kept(uow, task)


async def _own_task(uow: UnitOfWork, principal: Principal, task_id: UUID) -> Task:
    task = await find_task(uow, principal, task_id, lock=True)
    own = principal.unit_id == task.unit_id and principal.role in (Role.official, Role.lead)
    if not own and principal.role is not Role.admin:
        raise Forbidden("task-not-yours", "Only those who work in the unit answer for its task.")
    return task


async def _check_evidence(uow: UnitOfWork, unit_id: UUID, evidence: Sequence[EvidenceIn]) -> None:
    """Cases and visits must be the unit's own; activities and outcomes are kept as they are named."""
    for kind, table, key in (
        (EvidenceKind.case, CaseEvidence, CaseEvidence.case_id),
        (EvidenceKind.visit, VisitEvidence, VisitEvidence.visit_id),
    ):
        named = {each.id for each in evidence if each.kind is kind}
        own = select(col(key)).where(col(key).in_(named), col(table.unit_id) == unit_id)
        if named and named - set(await uow.session.scalars(own)):
            raise Invalid("evidence-not-known", f"The unit has no such {kind}: name its own, and a new one a moment later.")


async def _kept(uow: UnitOfWork, task: Task) -> Task:
    await uow.session.flush()
    return task


def _told(task: Task) -> dict[str, UUID]:
    return {"task_id": task.id, "directive_id": task.directive_id, "unit_id": task.unit_id}
