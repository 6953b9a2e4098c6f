"""Making promises, and what becomes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text, update
from sqlmodel import col

from services.visits.discretion.rules import check_notes
from services.visits.promises import rules
from services.visits.promises.models import OPEN, UNBROKEN, Promise
from services.visits.promises.queries import find_promise
from services.visits.promises.rules import PromiseState
from services.visits.promises.schemas import PromiseDraft
from shared.auth import Principal, Role
from shared.errors import Forbidden
from shared.events.visits import PromiseBroken, PromiseKept, PromiseMade, PromiseWithdrawn
from shared.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class Occasion:
    """The visit on which promises are made, and who owes them."""

    visit_id: UUID
    unit_id: UUID
    owner_id: UUID
    occurred_at: datetime
    post_id: UUID | None


async def make_promises(uow: UnitOfWork, occasion: Occasion, drafts: Sequence[PromiseDraft]) -> None:
    """Keep what was promised and tell of each: `PromiseMade`, without its words. Raises `Invalid`."""
    now = uow.now()
    for draft in drafts:
        rules.check_due(draft.due_on, occasion.occurred_at)
        promise = Promise(
            id=uow.new_id(),
            visit_id=occasion.visit_id,
            unit_id=occasion.unit_id,
            post_id=occasion.post_id,
            owner_id=occasion.owner_id,
            state=PromiseState.open,
            made_at=now,
            **draft.model_dump(),
        )
        uow.session.add(promise)
        await uow.record(
            PromiseMade(
                promise_id=promise.id,
                visit_id=promise.visit_id,
                unit_id=promise.unit_id,
                due_on=promise.due_on,
                made_at=now,
            )
        )


async def keep_promise(uow: UnitOfWork, principal: Principal, promise_id: UUID) -> Promise:
    """What was promised has been done, in time or late. Tells `PromiseKept`. Raises `NotFound`, `Forbidden`, `Conflict`."""
    promise = await _take(uow, principal, promise_id)
    now = uow.now()
    promise.state = rules.move(promise.state, PromiseState.kept)
    promise.kept_at = now
    await uow.record(
        PromiseKept(
            promise_id=promise.id,
            visit_id=promise.visit_id,
            unit_id=promise.unit_id,
            due_on=promise.due_on,
            kept_at=now,
            in_time=not rules.is_overdue(promise.due_on, now),
        )
    )
    return promise


async def withdraw_promise(uow: UnitOfWork, principal: Principal, promise_id: UUID, reason: str) -> Promise:
    """It cannot be kept, and the reason is said. Tells `PromiseWithdrawn`. Raises `NotFound`, `Forbidden`, `Conflict`, and
    `Invalid` (sensitive-note)."""
    promise = await _take(uow, principal, promise_id)
    check_notes({"body.reason": reason})
    now = uow.now()
    promise.state = rules.move(promise.state, PromiseState.withdrawn)
    promise.reason, promise.withdrawn_at = reason, now
    await uow.record(
        PromiseWithdrawn(promise_id=promise.id, visit_id=promise.visit_id, unit_id=promise.unit_id, withdrawn_at=now)
    )
    return promise


async def pass_on(uow: UnitOfWork, post_id: UUID, holder_id: UUID) -> int:
    """Open promises follow their post to whoever holds it now; returns how many."""
    open_ones = update(Promise).where(text(OPEN), col(Promise.post_id) == post_id)
    passed = await uow.session.scalars(open_ones.values(owner_id=holder_id).returning(col(Promise.id)))
    return len(passed.all())


async def break_promises(uow: UnitOfWork, *, limit: int) -> int:
    """Tell of up to `limit` promises whose day passed unkept, each once: `PromiseBroken`; returns how many."""
    now = uow.now()
    late = select(Promise).where(text(UNBROKEN), col(Promise.due_on) < rules.earliest_day(now)).order_by(col(Promise.due_on))
    promises = (await uow.session.scalars(late.limit(limit).with_for_update(skip_locked=True))).all()
    for promise in promises:
        promise.broken_at = now
        await uow.record(
            PromiseBroken(
                promise_id=promise.id,
                visit_id=promise.visit_id,
                unit_id=promise.unit_id,
                due_on=promise.due_on,
                broken_at=now,
            )
        )
    return len(promises)


async def _take(uow: UnitOfWork, principal: Principal, promise_id: UUID) -> Promise:
    promise = await find_promise(uow, principal, promise_id, lock=True)
    if principal.account != promise.owner_id and principal.role not in (Role.lead, Role.admin):
        raise Forbidden("not-the-promiser", "Only who owes this promise, or a lead of the unit, says what became of it.")
    return promise
