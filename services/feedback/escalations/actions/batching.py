"""What the jobs have in common."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Table, TextClause, text
from sqlalchemy.dialects.postgresql import insert

from services.feedback.cases.rules import Terms
from services.feedback.tables import FeedbackTable, metadata
from shared.uow import UnitOfWork

DUE_BATCH = 500
CASE = ("id", "unit_id", "appeal_unit_id", "state", "protection", "policy_version", "calendar_version")

Row = Mapping[str, Any]


def locking(due: str) -> TextClause:
    """Of `due`, which joins cases: locks those that nobody holds, and says what they are then."""
    columns = ", ".join(f"cases.{name}" for name in CASE)
    return text(f"SELECT {columns} FROM {due} LIMIT :most FOR UPDATE OF cases SKIP LOCKED")


async def lock_cases(uow: UnitOfWork, due: TextClause) -> dict[UUID, Row]:
    """The cases, now this worker's alone, that have something due, by their ids."""
    found = await uow.session.execute(due, {"now": uow.now(), "most": DUE_BATCH})
    return {case["id"]: dict(case) for case in found.mappings()}


async def write(uow: UnitOfWork, model: type[FeedbackTable], rows: Sequence[Row]) -> None:
    """Add many rows; one that is there stays what it is."""
    if rows:
        table: Table = metadata.tables[str(model.__tablename__)]
        await uow.session.execute(insert(table).on_conflict_do_nothing(), rows)


def terms_of(uow: UnitOfWork, case: Row) -> Terms:
    return Terms.kept(uow.policies, case["policy_version"], case["calendar_version"])
