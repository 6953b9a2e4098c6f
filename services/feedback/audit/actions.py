"""Writing the audit log."""

from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import func, select
from sqlmodel import col

from services.feedback.audit.models import AuditEntry
from services.feedback.audit.rules import NO_HASH, Act, Detail, hash_of
from shared.auth import Principal
from shared.events.feedback import AuditRecorded
from shared.uow import UnitOfWork

ONE_AT_A_TIME = select(func.pg_advisory_xact_lock(func.hashtextextended("massline audit", 0)))
LAST = select(col(AuditEntry.number), col(AuditEntry.hash)).order_by(col(AuditEntry.number).desc()).limit(1)


def alias_of(uow: UnitOfWork, principal: Principal) -> UUID:
    """What the account is called here. Not what it is called as a speaker: the two must not be put together."""
    return uow.keyring.alias(uuid5(principal.account, "audit"))


async def record_act(
    uow: UnitOfWork,
    principal: Principal,
    act: Act,
    *,
    case_id: UUID | None = None,
    subject_id: UUID | None = None,
    detail: Detail | None = None,
) -> None:
    """Write down what somebody in office did, in the transaction that does it.

    Call it after everything that waits for a lock: nobody else writes here until this has committed. Events: AuditRecorded.
    """
    await uow.session.execute(ONE_AT_A_TIME)
    last = (await uow.session.execute(LAST)).one_or_none()
    number, previous = (last.number + 1, last.hash) if last else (1, NO_HASH)
    facts: dict[str, Any] = {
        "number": number,
        "id": uow.new_id(),
        "at": uow.now().replace(microsecond=0),
        "act": act.value,
        "by_role": principal.role.value,
        "by_unit_id": principal.unit_id,
        "by_account": alias_of(uow, principal),
        "case_id": case_id,
        "subject_id": subject_id,
        "detail": dict(detail or {}),
        "previous": previous,
    }
    entry = AuditEntry(**facts, hash=hash_of(facts))
    uow.session.add(entry)
    await uow.session.flush()
    await uow.record(AuditRecorded(entry_id=entry.id, number=number, hash=entry.hash.hex(), act_code=act, recorded_at=entry.at))
