"""Telling overdue tasks to the units above, one after another up to the issuing one."""

from sqlalchemy import text

from services.assessment.directives.models import LATE
from services.assessment.directives.rules import STEP
from shared.events.assessment import OverdueCause, TaskEscalated
from shared.uow import UnitOfWork

CLIMB = text(f"""
    WITH late AS (
        SELECT tasks.id, units.parent_id AS to_unit_id, directives.unit_id AS issuer_id
        FROM tasks
        JOIN directives ON directives.id = tasks.directive_id
        JOIN units ON units.id = coalesce(tasks.escalated_to, tasks.unit_id)
        WHERE {LATE} AND overdue_at < :now
        ORDER BY overdue_at LIMIT :limit FOR UPDATE OF tasks SKIP LOCKED
    ), climbed AS (
        UPDATE tasks SET escalated_to = to_unit_id, step = step + 1,
            overdue_at = CASE WHEN to_unit_id <> issuer_id THEN CAST(:next AS timestamptz) END
        FROM late WHERE tasks.id = late.id
        RETURNING tasks.id AS task_id, directive_id, unit_id, to_unit_id, step,
            CASE state WHEN 'issued' THEN 'acknowledgement' ELSE 'work' END AS cause
    ), kept AS (
        INSERT INTO task_steps (task_id, step, cause, to_unit_id, escalated_at)
        SELECT task_id, step, cause, to_unit_id, CAST(:now AS timestamptz) FROM climbed
    )
    SELECT * FROM climbed
""")


async def escalate_tasks(uow: UnitOfWork, *, limit: int) -> bool:
    """Tell up to `limit` overdue tasks to the next unit above each; they are owed below all the same. Records `TaskEscalated`.
    True when there may be more. One statement, however many."""
    now = uow.now()
    rows = (await uow.session.execute(CLIMB, {"now": now, "next": now + STEP, "limit": limit})).mappings().all()
    await uow.record_all(
        [TaskEscalated.model_validate({**row, "cause": OverdueCause(row["cause"]), "escalated_at": now}) for row in rows]
    )
    return len(rows) == limit
