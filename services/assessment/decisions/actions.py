"""Writing down what was decided. Nothing here is ever changed."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import insert

from services.assessment.decisions.models import Decision
from services.assessment.tables import metadata
from shared.auth import Principal
from shared.db import copy_in
from shared.events.feedback import DecisionMade
from shared.uow import UnitOfWork

TABLE: Table = metadata.tables[str(Decision.__tablename__)]
DecisionRow = Mapping[str, object]
"""The columns of a `Decision`."""


def decision(
    uow: UnitOfWork,
    actor: Principal | None,
    *,
    kind: str,
    subject: str,
    subject_id: UUID,
    unit_id: UUID | None,
    rule: str,
    reason: str,
    public: bool,
) -> DecisionRow:
    """What is to be recorded. `kind` is what happened, `rule` the code of the rule by which it did, `reason` a sentence.

    Without an `actor` the rule decided alone.
    """
    return {
        "id": uow.new_id(),
        "kind": kind,
        "subject": subject,
        "subject_id": subject_id,
        "unit_id": unit_id,
        "rule": rule,
        "reason": reason,
        "public": public,
        "actor_id": actor.account if actor else None,
        "actor_role": actor.role if actor else None,
        "actor_unit_id": actor.unit_id if actor else None,
        "decided_at": uow.now(),
    }


async def record_decision(
    uow: UnitOfWork,
    actor: Principal | None,
    *,
    kind: str,
    subject: str,
    subject_id: UUID,
    unit_id: UUID | None,
    rule: str,
    reason: str,
    public: bool,
) -> None:
    """Add one to the register, in the transaction in which it takes effect. The fields are those of `decision`."""
    made = decision(
        uow,
        actor,
        kind=kind,
        subject=subject,
        subject_id=subject_id,
        unit_id=unit_id,
        rule=rule,
        reason=reason,
        public=public,
    )
    await record_decisions(uow, [made])


async def enter_decision(uow: UnitOfWork, event: DecisionMade) -> None:
    """What another service decided, once however often it is told. Whose account it was is not."""
    values = {
        "id": event.decision_id,
        "kind": event.kind,
        "subject": event.about,
        "subject_id": event.subject_id,
        "unit_id": event.unit_id,
        "rule": event.rule,
        "reason": event.reason,
        "public": False,
        "actor_id": None,
        "actor_role": event.role,
        "actor_unit_id": event.by_unit_id,
        "decided_at": event.decided_at,
    }
    await uow.session.execute(insert(Decision).values(values).on_conflict_do_nothing())


async def record_decisions(uow: UnitOfWork, decisions: Sequence[DecisionRow]) -> None:
    """Add many at once."""
    await copy_in(uow.session, TABLE, decisions)
