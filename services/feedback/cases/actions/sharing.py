"""Letting a unit read a case that it does not owe."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from services.feedback.cases.models import CaseUnit
from services.feedback.cases.rules import Part
from shared.uow import UnitOfWork


async def give_part(uow: UnitOfWork, case_id: UUID, unit_id: UUID, part: Part, since: datetime) -> None:
    """A unit that works on the case, or owed it, stays that when it is told of something."""
    row = insert(CaseUnit).values(unit_id=unit_id, case_id=case_id, part=part, since=since)
    if part is Part.told:
        await uow.session.execute(row.on_conflict_do_nothing())
    else:
        changed = {"part": part, "since": since}
        await uow.session.execute(row.on_conflict_do_update(index_elements=["unit_id", "case_id"], set_=changed))
