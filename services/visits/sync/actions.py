"""Taking in what a phone recorded while it was offline."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.visits.sync.models import SyncConflict, SyncedItem, SyncMark, VisitDeparture
from services.visits.sync.rules import KEPT, MARKED_EVERY, Choice, SyncStatus, check_settled_once, made_it
from services.visits.sync.schemas import SyncItem
from services.visits.visits.actions import add_to_visit, lock_for_records, record_visit
from services.visits.visits.models import Visit
from services.visits.visits.rules import ALREADY_RECORDED
from services.visits.visits.schemas import VisitRecord
from shared.auth import Principal
from shared.errors import Conflict, DomainError, Invalid
from shared.http import misfit
from shared.reads import Read
from shared.types import JsonObject
from shared.uow import UnitOfWork

OLDEST = Read("SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint) AS oldest")


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an item; `yours` of one that stands in conflict."""

    item: SyncItem
    status: SyncStatus
    error: DomainError | None = None
    yours: JsonObject | None = None


async def take_items(uow: UnitOfWork, principal: Principal, items: Sequence[SyncItem]) -> list[Taken]:
    """Record the visits of a batch, each for itself: what is refused changes nothing and holds no other up.

    All that they touch is locked first, and then visits in the order of their ids, whatever the batch's. Tells what
    `record_visit` tells.
    """
    read = [_read(item) for item in items]
    readable = [(item, said) for item, said in zip(items, read, strict=True) if isinstance(said, VisitRecord)]
    await lock_for_records(uow, principal, [(item.visit_id, said) for item, said in readable])
    order = sorted(range(len(items)), key=lambda place: items[place].visit_id)
    taken = {place: await _take(uow, principal, items[place], read[place]) for place in order}
    return [taken[place] for place in range(len(items))]


def _read(item: SyncItem) -> VisitRecord | Invalid:
    try:
        return VisitRecord.model_validate(item.record)
    except ValidationError as error:
        return misfit(error.errors(), "body")


async def _take(uow: UnitOfWork, principal: Principal, item: SyncItem, said: VisitRecord | Invalid) -> Taken:
    try:
        if isinstance(said, Invalid):
            raise said
        async with uow.session.begin_nested():
            return await _take_once(uow, principal, item, said)
    except DomainError as error:
        return Taken(item, SyncStatus.refused, error)


async def _take_once(uow: UnitOfWork, principal: Principal, item: SyncItem, said: VisitRecord) -> Taken:
    """Raises what `record_visit` raises, but for a visit recorded before; and `Invalid` (client-id-reused)."""
    if not await _claim(uow, principal, item, said):
        return await _recall(uow, principal, item, said)
    try:
        async with uow.session.begin_nested():
            await _give_back(uow, principal, item)
            await record_visit(uow, principal, item.visit_id, said)
    except Conflict as error:
        if error.slug != ALREADY_RECORDED:
            raise
        return await _keep_apart(uow, principal, item, said)
    return Taken(item, SyncStatus.applied)


async def _claim(uow: UnitOfWork, principal: Principal, item: SyncItem, said: VisitRecord) -> bool:
    """Whether this item comes for the first time; waits for one of the same id that is being taken elsewhere."""
    key = {"account_id": principal.account, "client_id": item.client_id}
    fingerprint = uow.keyring.fingerprint(b"sync", f"{item.visit_id}\n{said.model_dump_json(exclude_unset=True)}".encode())
    claim = insert(SyncedItem).values({**key, "fingerprint": fingerprint, "synced_at": uow.now()})
    if await uow.session.scalar(claim.on_conflict_do_nothing().returning(col(SyncedItem.client_id))) is not None:
        return True
    known = await uow.session.get_one(SyncedItem, key)
    if not hmac.compare_digest(known.fingerprint, fingerprint):
        raise Invalid("client-id-reused", "This client_id was used for another record: give every record a new one.")
    return False


async def _recall(uow: UnitOfWork, principal: Principal, item: SyncItem, said: VisitRecord) -> Taken:
    """What became of an item that was taken before; what stands in conflict is settled when it comes with a choice."""
    same = col(SyncConflict.account_id) == principal.account, col(SyncConflict.client_id) == item.client_id
    kept = await uow.session.scalar(select(SyncConflict).where(*same).with_for_update())
    if kept is None:
        return Taken(item, SyncStatus.already_applied)
    if item.choice is not None:
        await _settle(uow, principal, kept, item.choice, said)
    return Taken(item, SyncStatus.settled if kept.choice else SyncStatus.conflict, yours=kept.record)


async def _settle(uow: UnitOfWork, principal: Principal, kept: SyncConflict, choice: Choice, said: VisitRecord) -> None:
    """Once. Raises `Conflict` (conflict-settled, visit-not-made), and what `add_to_visit` raises."""
    check_settled_once(kept.choice, choice)
    if kept.choice is None:
        kept.choice, kept.settled_at = choice, uow.now()
        if choice is Choice.both:
            await add_to_visit(uow, principal, kept.visit_id, said)
        await uow.session.flush()


async def _give_back(uow: UnitOfWork, principal: Principal, item: SyncItem) -> None:
    """A visit that was reassigned while its maker was on the way is the maker's: it was made."""
    mine = col(VisitDeparture.account_id) == principal.account, col(VisitDeparture.visit_id) == item.visit_id
    visit = await uow.session.scalar(select(Visit).where(col(Visit.id) == item.visit_id).with_for_update())
    left = await uow.session.scalar(select(col(VisitDeparture.changed)).where(*mine))
    if visit is not None and made_it(int(item.base_version), left=left):
        visit.assignee_id = principal.account
        await uow.session.flush()


async def _keep_apart(uow: UnitOfWork, principal: Principal, item: SyncItem, said: VisitRecord) -> Taken:
    visit = await uow.session.get_one(Visit, item.visit_id)
    conflict = SyncConflict(
        id=uow.new_id(),
        account_id=principal.account,
        client_id=item.client_id,
        visit_id=visit.id,
        unit_id=visit.unit_id,
        base_version=item.base_version,
        record=said.model_dump(mode="json", exclude_unset=True),
        found_at=uow.now(),
    )
    uow.session.add(conflict)
    await uow.session.flush()
    return Taken(item, SyncStatus.conflict, yours=conflict.record)


async def forget_synced(uow: UnitOfWork, *, limit: int) -> int:
    """Drop up to `limit` items with their conflicts, and as many departures, that are older than `KEPT`; returns of which more
    went, how many. A cursor from before what is dropped starts anew."""
    await _mark(uow)
    return max(await _forget_items(uow, limit), await _forget_departures(uow, limit))


async def _mark(uow: UnitOfWork) -> None:
    """Once a day, so that the numbers by which cursors count have a time."""
    newest = await uow.session.scalar(select(func.max(col(SyncMark.marked_at))))
    if newest is None or newest <= uow.now() - MARKED_EVERY:
        ((oldest,),) = await OLDEST.fetch(uow, {})
        mark = insert(SyncMark).values(changed=oldest, marked_at=uow.now(), forgotten=False)
        await uow.session.execute(mark.on_conflict_do_nothing())


async def _forget_items(uow: UnitOfWork, limit: int) -> int:
    """An item and its conflict go together: one that is sent again later comes for the first time."""
    key = col(SyncedItem.account_id), col(SyncedItem.client_id)
    old = select(*key).where(col(SyncedItem.synced_at) < uow.now() - KEPT).order_by(col(SyncedItem.synced_at)).limit(limit)
    items = [tuple(row) for row in await uow.session.execute(old.with_for_update(skip_locked=True))]
    theirs = tuple_(col(SyncConflict.account_id), col(SyncConflict.client_id)).in_(items)
    for statement in (delete(SyncConflict).where(theirs), delete(SyncedItem).where(tuple_(*key).in_(items))):
        await uow.session.execute(statement.execution_options(synchronize_session=False))
    return len(items)


async def _forget_departures(uow: UnitOfWork, limit: int) -> int:
    """Whoever reads finds the mark before anything from before it is gone."""
    old = select(SyncMark).where(col(SyncMark.marked_at) < uow.now() - KEPT).order_by(col(SyncMark.changed).desc()).limit(1)
    mark = await uow.session.scalar(old.with_for_update())
    if mark is None:
        return 0
    mark.forgotten = True
    await uow.session.flush()
    await uow.session.execute(delete(SyncMark).where(col(SyncMark.changed) < mark.changed))
    key = col(VisitDeparture.account_id), col(VisitDeparture.visit_id)
    left = select(*key).where(col(VisitDeparture.changed) < mark.changed).order_by(col(VisitDeparture.changed)).limit(limit)
    departures = [tuple(row) for row in await uow.session.execute(left.with_for_update(skip_locked=True))]
    gone = delete(VisitDeparture).where(tuple_(*key).in_(departures))
    await uow.session.execute(gone.execution_options(synchronize_session=False))
    return len(departures)
