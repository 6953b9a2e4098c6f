"""The clocks of a case: they follow its states, and are told when they run out."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import tuple_, update
from sqlmodel import col

from services.feedback.cases.models import Case, CaseClock, EscalationChain
from services.feedback.cases.queries.access import Access
from services.feedback.cases.queries.reading import clocks_of
from services.feedback.cases.rules import CLOSED, PAUSABLE, Protection, State, Terms, Verb, met_by, wants_answer
from shared.clock import hour_of
from shared.events.feedback import ClockBreachedV2, ClockKind, ClockSet, EscalationCause
from shared.uow import UnitOfWork


def terms_of(uow: UnitOfWork, case: Case) -> Terms:
    """The deadlines and windows that the case keeps. Raises `NotFound` (policy-not-found)."""
    return Terms.kept(uow.policies, case.policy_version, case.calendar_version)


async def start_clocks(uow: UnitOfWork, case: Case, kinds: Iterable[ClockKind], now: datetime) -> tuple[ClockSet, ...]:
    """Set clocks of these kinds going, each in the next round of its kind, with the case's own terms."""
    before = [clock.kind for clock in await clocks_of(uow, case.id)]
    due = terms_of(uow, case).due(now, kinds)
    uow.session.add_all(
        CaseClock(case_id=case.id, round=before.count(deadline.kind), started_at=now, **deadline._asdict()) for deadline in due
    )
    return tuple(ClockSet(kind=deadline.kind, due_at=deadline.due_at) for deadline in due)


async def owe_again(uow: UnitOfWork, case: Case, now: datetime) -> tuple[ClockSet, ...]:
    """The clocks of a case that was at an end and is owed again: the resolution, and the first answer if there was none."""
    answered = any(clock.kind is ClockKind.first_answer and clock.met_at for clock in await clocks_of(uow, case.id))
    kinds = (ClockKind.resolution,) if answered else (ClockKind.first_answer, ClockKind.resolution)
    return await start_clocks(uow, case, kinds, now)


async def turn_clocks(uow: UnitOfWork, access: Access, verb: Verb) -> Sequence[CaseClock]:
    """Resume, meet, then pause or stop what is left, as the new state asks, and start the next answer's where the speaker is
    owed one; returns the clocks that the verb met. What is met or stopped climbs no further.

    Events: ClockBreached for each that has run out untold.
    """
    state, now = access.case.state, access.moment(uow)
    every = await clocks_of(uow, access.case.id)
    owed = [clock for clock in every if clock.met_at is None and clock.stopped_at is None]
    if state is not State.waiting_resident:
        _resume(terms_of(uow, access.case), owed, _standstill(access, now))
    met = [clock for clock in owed if clock.kind in met_by(verb, access.party)]
    await _meet(uow, access, met)
    left = [clock for clock in owed if clock.met_at is None]
    if state is State.waiting_resident:
        _pause(left, _standstill(access, now))
    elif state in CLOSED:
        await _stop(uow, access, left)
    elif wants_answer(verb, access.party):
        await _start_next_answer(uow, access, every)
    return met


def _standstill(access: Access, now: datetime) -> datetime:
    """When a pause starts or ends: for an anonymous speaker in full hours, so that what is due tells no finer time."""
    return hour_of(now) if access.case.protection is Protection.anonymous else now


def _resume(terms: Terms, clocks: Sequence[CaseClock], now: datetime) -> None:
    for clock in clocks:
        if clock.paused_at is not None:
            clock.due_at = terms.calendar.resume(clock.due_at, clock.paused_at, now, clock.counted_in)
            clock.paused_total_s += int((now - clock.paused_at).total_seconds())
            clock.paused_at = None


async def _meet(uow: UnitOfWork, access: Access, clocks: Sequence[CaseClock]) -> None:
    now = access.moment(uow)
    for clock in clocks:
        if clock.breached_at is None and clock.due_at < now:
            await breach_clock(uow, access.case, clock, now, coarse=access.coarse)
        clock.met_at = now
    await _end_chains(uow, [clock for clock in clocks if clock.breached_at is not None])


def _pause(clocks: Sequence[CaseClock], now: datetime) -> None:
    """What has run out already is past pausing."""
    for clock in clocks:
        if clock.kind in PAUSABLE and clock.paused_at is None and clock.breached_at is None and clock.due_at > now:
            clock.paused_at = now


async def _stop(uow: UnitOfWork, access: Access, clocks: Sequence[CaseClock]) -> None:
    """The end of a case ends what was owed; what ran out before is told first, for the end must not hide it."""
    now = access.moment(uow)
    for clock in clocks:
        if clock.breached_at is None and clock.due_at <= now:
            await breach_clock(uow, access.case, clock, now, coarse=access.coarse)
        clock.stopped_at = now
    await _end_chains(uow, [clock for clock in clocks if clock.breached_at is not None])


async def _end_chains(uow: UnitOfWork, clocks: Sequence[CaseClock]) -> None:
    """Events: none; who was told of the breaches stays told."""
    if clocks:
        chain = EscalationChain
        these = tuple_(col(chain.case_id), col(chain.cause), col(chain.round))
        ended = [(clock.case_id, EscalationCause(clock.kind), clock.round) for clock in clocks]
        await uow.session.execute(update(chain).where(these.in_(ended)).values(next_at=None))


async def _start_next_answer(uow: UnitOfWork, access: Access, clocks: Sequence[CaseClock]) -> None:
    """The speaker wrote after the first answer, and is not waiting for the next one already."""
    answered = any(clock.kind is ClockKind.first_answer and clock.met_at for clock in clocks)
    waiting = any(clock.kind is ClockKind.next_answer and clock.met_at is None and clock.stopped_at is None for clock in clocks)
    if answered and not waiting:
        await start_clocks(uow, access.case, (ClockKind.next_answer,), access.moment(uow))


async def breach_clock(uow: UnitOfWork, case: Case, clock: CaseClock, now: datetime, *, coarse: bool = False) -> None:
    """Events: ClockBreached."""
    clock.breached_at = now
    breach = ClockBreachedV2(case_id=case.id, unit_id=case.unit_id, kind=clock.kind, due_at=clock.due_at, breached_at=now)
    await uow.record(breach, coarse=coarse)
