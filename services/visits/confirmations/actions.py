"""Codes for residents, and what they say with them."""

import secrets
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.visits.confirmations import rules
from services.visits.confirmations.models import Confirmation, VisitRating
from services.visits.confirmations.schemas import CodeOut, ConfirmationIn
from services.visits.errors import visit_not_found
from services.visits.visits.actions import count_visit
from services.visits.visits.models import Visit
from services.visits.visits.queries import visible
from services.visits.visits.rules import MADE
from shared.auth import Principal
from shared.codes import BITS, lookup_of, write_code
from shared.errors import Conflict, Forbidden, NotFound
from shared.events.visits import VisitEffect
from shared.uow import UnitOfWork

PURPOSE = b"confirmation"


async def issue_code(uow: UnitOfWork, principal: Principal, visit_id: UUID) -> CodeOut:
    """A code by which the resident can say later whether the visit took place; it voids the one before.

    Whoever made or recorded the visit gets none. Once the resident has spoken a new code opens nothing, and nothing tells that it
    is so. Raises `NotFound` (visit-not-found), `Forbidden` (own-visit), `Conflict` (visit-not-made, confirmation-over).
    """
    statement = select(Visit).where(col(Visit.id) == visit_id, await visible(uow, principal)).with_for_update()
    visit = await uow.session.scalar(statement)
    if visit is None:
        raise visit_not_found()
    if principal.account in (visit.assignee_id, visit.recorded_by):
        raise Forbidden(
            "own-visit", "Whoever made or recorded a visit hands out no code for it: ask another lead or an inspector."
        )
    span = _span_of(visit)
    if uow.now() >= span.closes_at:
        raise Conflict("confirmation-over", "This visit lies too far back to be confirmed.")
    code = write_code(secrets.randbits(BITS))
    kept = insert(Confirmation).values(visit_id=visit.id, lookup=lookup_of(uow.keyring, PURPOSE, code))
    newer = {"lookup": kept.excluded.lookup}
    unspoken = col(Confirmation.took_place).is_(None)
    await uow.session.execute(kept.on_conflict_do_update(index_elements=["visit_id"], set_=newer, where=unspoken))
    return CodeOut(code=code, opens_at=span.opens_at, closes_at=span.closes_at)


async def confirm_visit(uow: UnitOfWork, said: ConfirmationIn) -> None:
    """The resident says whether the visit took place: if it did, it counts; if not, only inspectors and administrators see it.

    The rating is added to its unit and month and is no part of the visit. Tells `VisitCounted`. Raises `NotFound`
    (confirmation-not-found), alike for a code that is wrong, was never issued, is void, used or too old, and `Conflict`
    (too-early).
    """
    lookup = lookup_of(uow.keyring, PURPOSE, said.code)
    visit = await _visit_of(uow, lookup) if lookup else None
    unspoken = col(Confirmation.lookup) == lookup, col(Confirmation.took_place).is_(None)
    kept = await uow.session.scalar(select(Confirmation).where(*unspoken).with_for_update()) if visit else None
    if visit is None or kept is None or uow.now() >= (span := _span_of(visit)).closes_at:
        raise NotFound(
            "confirmation-not-found", "This code opens nothing: it is wrong, was used, or is too old. Ask for a new one."
        )
    rules.check_opened(span, uow.now())
    kept.took_place = said.took_place
    if said.took_place:
        await count_visit(uow, visit, VisitEffect.confirmation)
    if said.helpful is not None:
        await _rate(uow, visit.unit_id, said.helpful)
    await uow.session.flush()


async def _visit_of(uow: UnitOfWork, lookup: bytes) -> Visit | None:
    """Locked before its confirmation, as it is when a code is issued."""
    found = select(Visit).join(Confirmation, col(Confirmation.visit_id) == col(Visit.id))
    return await uow.session.scalar(found.where(col(Confirmation.lookup) == lookup).with_for_update(of=Visit))


async def _rate(uow: UnitOfWork, unit_id: UUID, score: int) -> None:
    row = insert(VisitRating).values(unit_id=unit_id, month=rules.month_of(uow.now()), score=score, given=1)
    more = {"given": col(VisitRating.given) + 1}
    await uow.session.execute(row.on_conflict_do_update(index_elements=["unit_id", "month", "score"], set_=more))


def _span_of(visit: Visit) -> rules.Span:
    """Raises `Conflict` (visit-not-made)."""
    if visit.state not in MADE or visit.occurred_at is None or visit.recorded_at is None:
        raise Conflict("visit-not-made", "Only a visit that was made and recorded can be confirmed.")
    return rules.span_of(visit.occurred_at, visit.recorded_at)
