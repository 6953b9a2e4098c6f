"""Telling what was decided, for the register of decisions."""

from datetime import datetime
from uuid import UUID

from services.feedback.decisions.rules import Kind, Rule
from shared.events.feedback import DecidedAbout, DecisionMade
from shared.ids import new_id_at
from shared.uow import UnitOfWork


async def tell_decision(
    uow: UnitOfWork,
    kind: Kind,
    rule: Rule,
    reason: str,
    *,
    about: DecidedAbout,
    id: UUID,
    unit_id: UUID | None,
    at: datetime,
    role: str | None,
    by_unit_id: UUID | None = None,
    coarse: bool = False,
) -> None:
    """`reason` is a code, never a word. Without a `role` the rule decided alone. Events: DecisionMade."""
    event = DecisionMade(
        decision_id=new_id_at(at) if coarse else uow.new_id(),
        about=about,
        subject_id=id,
        unit_id=unit_id,
        kind=kind,
        rule=rule,
        reason=reason,
        role=role,
        by_unit_id=by_unit_id,
        decided_at=at,
    )
    await uow.record(event, coarse=coarse)
