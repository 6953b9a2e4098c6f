"""Holding a burst from publication, and deciding about it."""

from uuid import UUID

import asyncpg
from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.feedback.cases.rules import Channel
from services.feedback.decisions.actions import tell_decision
from services.feedback.decisions.rules import Kind, Reason, Rule
from services.feedback.holds.models import Hold
from services.feedback.holds.queries import show_hold
from services.feedback.holds.rules import FLOOR, LastHold, Look, Measure, look_at, measure, stepped, usually
from services.feedback.holds.schemas import HoldOut
from shared.auth import Principal, Role
from shared.clock import hour_of
from shared.errors import Conflict, Forbidden, NotFound
from shared.events.feedback import DecidedAbout, HoldDecided, HoldDecision, HoldPlaced, HoldReason
from shared.ids import first_id_at, new_id_at
from shared.reads import Read
from shared.uow import UnitOfWork

FIND_BUSY = Read("""
    WITH recent AS (
        SELECT unit_id, channel, count(*) AS opinions FROM cases
        WHERE opened_at >= :since AND opened_at < :until AND source = 'opinion'
        GROUP BY unit_id, channel HAVING count(*) >= CAST(:floor AS int)
    )
    SELECT recent.unit_id, recent.channel, recent.opinions, usual.opinions AS before,
        newest.id AS hold_id, newest.held_until, newest.decision, newest.decided_at
    FROM recent LEFT JOIN LATERAL (
        SELECT * FROM holds WHERE holds.unit_id = recent.unit_id AND holds.channel = recent.channel
        ORDER BY held_from DESC LIMIT 1
    ) AS newest ON true, LATERAL (
        SELECT count(*) AS opinions FROM cases
        WHERE unit_id = recent.unit_id AND id >= CAST(:first AS uuid) AND id < CAST(:last AS uuid)
            AND channel = recent.channel AND source = 'opinion'
    ) AS usual
    WHERE newest.held_until IS NULL OR newest.held_until < :until
    ORDER BY recent.unit_id, recent.channel
""")
"""Reads the cases of the last two hours, and four weeks of those units alone where they are many and not held already. The upper
bound says the same twice: without it PostgreSQL expects a third of all cases."""


async def hold_bursts(uow: UnitOfWork) -> bool:
    """Hold what comes in a burst, and go on holding it while it lasts; there is never more to do at once.

    Events: HoldPlaced.
    """
    now = uow.now()
    look = look_at(now)
    bounds = {"first": first_id_at(look.first), "last": first_id_at(look.since)}
    for found in await FIND_BUSY.fetch(uow, {"since": look.since, "until": look.until, "floor": FLOOR, **bounds}):
        match measure(look, now, found["opinions"], found["before"], _last(found)):
            case Measure.place:
                await _place(uow, look, found)
            case Measure.extend:
                await _extend(uow, look, found)
    return False


async def decide_hold(uow: UnitOfWork, principal: Principal, hold_id: UUID, decision: HoldDecision, reason: str) -> HoldOut:
    """By somebody above the held unit, which itself has an interest. What is released is published as if it had never been held.

    Events: HoldDecided, DecisionMade. Raises `NotFound` (hold-not-found), `Forbidden` (hold-not-yours), `Conflict`
    (hold-decided).
    """
    hold = await uow.session.get(Hold, hold_id, with_for_update=True)
    if hold is None:
        raise NotFound("hold-not-found", "There is no such hold. List them with GET /v1/holds.")
    if not _is_above(uow, principal, hold.unit_id):
        raise Forbidden(
            "hold-not-yours", "Only a lead or an inspector of a unit above the held one, or an administrator, decides this."
        )
    if hold.decision is not None:
        raise Conflict("hold-decided", "This was decided already; the reason stands in GET /v1/holds.")
    hold.decision, hold.decision_reason = decision, reason
    hold.decided_at, hold.decided_by_unit_id = uow.now(), principal.unit_id
    await uow.record(
        HoldDecided(hold_id=hold.id, unit_id=hold.unit_id, channel=hold.channel, decision=decision, decided_at=hold.decided_at)
    )
    await tell_decision(
        uow,
        Kind.released if decision is HoldDecision.released else Kind.kept,
        Rule.held,
        Reason.with_the_hold,
        about=DecidedAbout.hold,
        id=hold.id,
        unit_id=hold.unit_id,
        at=hold.decided_at,
        role=principal.role,
        by_unit_id=principal.unit_id,
    )
    return show_hold(hold)


def _is_above(uow: UnitOfWork, principal: Principal, unit_id: UUID) -> bool:
    return principal.role is Role.admin or (principal.unit_id != unit_id and uow.units.covers(principal.unit_id, unit_id))


def _last(found: asyncpg.Record) -> LastHold | None:
    if found["hold_id"] is None:
        return None
    decision = found["decision"]
    return LastHold(found["held_until"], HoldDecision(decision) if decision else None, found["decided_at"])


async def _place(uow: UnitOfWork, look: Look, found: asyncpg.Record) -> None:
    """Another worker may have done so a moment ago."""
    hour = hour_of(uow.now())
    hold = Hold(
        id=new_id_at(hour),
        unit_id=found["unit_id"],
        channel=Channel(found["channel"]),
        held_from=look.since,
        held_until=look.until,
        reason=HoldReason.burst,
        opinions=stepped(found["opinions"]),
        usual=usually(found["before"]),
        placed_at=hour,
    )
    added = insert(Hold).values(hold.model_dump()).on_conflict_do_nothing().returning(col(Hold.id))
    if await uow.session.scalar(added) is not None:
        await uow.record(_placed(hold), coarse=True)


def _placed(hold: Hold) -> HoldPlaced:
    return HoldPlaced(
        hold_id=hold.id,
        unit_id=hold.unit_id,
        channel=hold.channel,
        held_from=hold.held_from,
        held_until=hold.held_until,
        reason=hold.reason,
        opinions=hold.opinions,
        usual=hold.usual,
        placed_at=hold.placed_at,
    )


async def _extend(uow: UnitOfWork, look: Look, found: asyncpg.Record) -> None:
    most = func.greatest(col(Hold.opinions), stepped(found["opinions"]))
    await uow.session.execute(update(Hold).where(col(Hold.id) == found["hold_id"]).values(held_until=look.until, opinions=most))
