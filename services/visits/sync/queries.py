"""What changed for an account since its phone asked last, and what became of what it sent.

A cursor counts in transactions as PostgreSQL numbers them. Their order is not that in which they commit, so the next cursor is
the oldest one that was still running when this was read: whatever was not seen yet has its number or a higher one. What went
to others is forgotten after `rules.KEPT`, so a cursor from before starts anew.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import col

from services.visits.sync.actions import Taken
from services.visits.sync.models import SyncConflict
from services.visits.sync.rules import MOST_CHANGES, SyncStatus
from services.visits.sync.schemas import Changes, ConflictOut, SyncResult, SyncVisit
from services.visits.visitors.queries import in_scope
from services.visits.visits.models import Visit
from services.visits.visits.queries import get_visit, show_visits, visible
from shared.auth import Principal
from shared.errors import Invalid
from shared.http import describe
from shared.pages import MALFORMED, Page, cut, decode_cursor, open_cursor, seal_cursor
from shared.reads import Read
from shared.uow import UnitOfWork

ORDER = "sync"
NO_ID = UUID(int=0)

PRESENT = Read("""
    SELECT system_identifier || '.' || timeline_id AS source, CAST(CAST(pg_snapshot_xmin(present) AS text) AS bigint) AS oldest,
        CAST(CAST(pg_snapshot_xmax(present) AS text) AS bigint) AS next
    FROM pg_control_system(), pg_control_checkpoint(), pg_current_snapshot() AS present
""")
"""Asked before the changes are read, so that `oldest` is old enough for them."""
CHANGES = Read("""
    SELECT * FROM (
        (SELECT changed, id, false AS gone FROM visits
            WHERE assignee_id = :account AND (changed, id) > (:changed, :last) ORDER BY changed, id LIMIT :limit)
        UNION ALL
        (SELECT changed, visit_id, true FROM visit_departures
            WHERE account_id = :account AND (changed, visit_id) > (:changed, :last)
                AND NOT EXISTS (SELECT FROM visits WHERE id = visit_id AND assignee_id = :account)
            ORDER BY changed, visit_id LIMIT :limit)
    ) AS found ORDER BY changed, id LIMIT :limit
""")
FORGOTTEN = Read("SELECT max(changed) AS before FROM sync_marks WHERE forgotten AND changed <= :next")
"""Asked after the changes were read: whatever of them may have been missing is told of."""


class Cursor(NamedTuple):
    """Go on behind (`changed`, `last`). `following`: where the next reading begins when this one is through; 0 before its first
    page. `began`: where this one did; 0 for one that reads everything. `source`: whose numbers these are."""

    source: str
    began: int
    following: int
    changed: int
    last: UUID = NO_ID

    def seal(self) -> str:
        return seal_cursor(ORDER, f"{self.source} {self.began} {self.following} {self.changed}", self.last)

    def misses(self, before: int) -> bool:
        """Whether a phone needs to hear what went to others before that: not while it reads everything."""
        return self.began > 0 and self.changed < before


def _open(cursor: str) -> Cursor:
    """Raises `Invalid` (malformed-cursor, cursor-of-another-order)."""
    key, last = open_cursor(ORDER, cursor)
    source, _, numbers = key.partition(" ")
    try:
        began, following, changed = (int(number) for number in numbers.split(" "))
    except ValueError:
        raise Invalid("malformed-cursor", MALFORMED) from None
    if min(began, following, changed) < 0:
        raise Invalid("malformed-cursor", MALFORMED)
    return Cursor(source, began, following, changed, last)


async def read_changes(uow: UnitOfWork, principal: Principal, cursor: str | None) -> Changes:
    """A page of the caller's visits that changed, and of those that went to somebody else, in the order of their changes.

    A database that was restored counts again what it had counted before: its cursors from then do not hold, nor do those from
    before what was forgotten, and the answer starts anew. Raises `Invalid`.
    """
    (present,) = await PRESENT.fetch(uow, {})
    asked = _open(cursor) if cursor is not None else None
    anew = Cursor(present["source"], 0, 0, 0)
    holds = asked is not None and asked.source == present["source"] and max(asked[1:4]) <= present["next"]
    at = asked if asked is not None and holds else anew
    found = await _changes(uow, principal, at)
    ((before,),) = await FORGOTTEN.fetch(uow, {"next": present["next"]})
    if at.misses(before or 0):
        at, holds = anew, False
        found = await _changes(uow, principal, at)
    following = at.following or present["oldest"]
    page, more = found[:MOST_CHANGES], len(found) > MOST_CHANGES
    there = Cursor(at.source, at.began, following, page[-1]["changed"], page[-1]["id"]) if more else None
    goes_on = there or Cursor(at.source, following, 0, following)
    changed = [row["id"] for row in page if not row["gone"]]
    mine = await _read(uow, principal, changed, col(Visit.assignee_id) == principal.account)
    return Changes(
        changes=[mine[row["id"]] for row in page if row["id"] in mine],
        gone=[row["id"] for row in page if row["gone"]],
        cursor=goes_on.seal(),
        more=more,
        reset=asked is not None and not holds,
    )


async def _changes(uow: UnitOfWork, principal: Principal, at: Cursor) -> list[Any]:
    where = {"account": principal.account, "changed": at.changed, "last": at.last, "limit": MOST_CHANGES + 1}
    return await CHANGES.fetch(uow, where)


async def show_results(uow: UnitOfWork, principal: Principal, taken: Sequence[Taken]) -> list[SyncResult]:
    """In the same order, with the visits as they are now, as far as the caller may see them."""
    seen = await _read(uow, principal, [each.item.visit_id for each in taken], await visible(uow, principal))
    return [await _result(uow, principal, each, seen) for each in taken]


async def _result(uow: UnitOfWork, principal: Principal, taken: Taken, seen: Mapping[UUID, SyncVisit]) -> SyncResult:
    found = seen.get(taken.item.visit_id)
    in_conflict = taken.status in (SyncStatus.conflict, SyncStatus.settled)
    return SyncResult(
        client_id=taken.item.client_id,
        status=taken.status,
        visit=found,
        problem=describe(taken.error) if taken.error else None,
        yours=taken.yours,
        theirs=await get_visit(uow, principal, found.id) if found and in_conflict else None,
    )


async def _read(uow: UnitOfWork, principal: Principal, ids: Sequence[UUID], seen: ColumnElement[bool]) -> dict[UUID, SyncVisit]:
    """Each with its version, which the session does not know of what it changed itself."""
    rows = (await uow.session.execute(select(Visit, col(Visit.changed)).where(col(Visit.id).in_(ids), seen))).all()
    versions = {visit.id: str(changed) for visit, changed in rows}
    shown = await show_visits(uow, principal, [visit for visit, _ in rows])
    return {visit.id: SyncVisit(**dict(visit), version=versions[visit.id]) for visit in shown}


async def list_conflicts(uow: UnitOfWork, principal: Principal, *, limit: int, cursor: str | None) -> Page[ConflictOut]:
    """Of the caller's units and of the caller's own, oldest first. Raises `Invalid` (malformed-cursor)."""
    scope = await in_scope(uow, principal, col(SyncConflict.unit_id))
    seen = or_(scope, col(SyncConflict.account_id) == principal.account_id)
    statement = select(SyncConflict).where(seen).order_by(col(SyncConflict.id)).limit(limit + 1)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(SyncConflict.id) > after)
    rows, following = cut((await uow.session.scalars(statement)).all(), limit, lambda conflict: conflict.id)
    return Page(items=[ConflictOut.model_validate(row) for row in rows], next_cursor=following)
