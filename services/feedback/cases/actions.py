"""What changes a case. Each locks the case first, so that the events of one case leave in order."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.feedback.cases.models import RUNNING, Case, CaseClock, CaseHistory, EscalationStep
from services.feedback.cases.queries import Access, Holder, chain_of, clocks_of, exclusions_of, open_case, show_case, steps_of
from services.feedback.cases.rules import (
    CLOSED,
    MEETS,
    PAUSABLE,
    RULES,
    VERBS_OF,
    Channel,
    ClockPolicy,
    Party,
    Protection,
    State,
    Verb,
    next_state,
    next_step,
    unblamed,
)
from services.feedback.cases.schemas import CaseOut, ConfirmationIn
from services.feedback.errors import not_yours_to_do
from shared.auth import Principal
from shared.clock import hour_of
from shared.errors import Conflict
from shared.events.feedback import (
    CaseAcknowledged,
    CaseConfirmed,
    CaseEscalated,
    CaseLapsed,
    CaseOpened,
    CaseReopened,
    CaseSource,
    CaseWithdrawn,
    ClockBreached,
    ClockKind,
    ClockSet,
)
from shared.events.visits import FindingReported
from shared.uow import UnitOfWork

DUE_BATCH = 100
FINDING_TITLE = "Finding from a visit"


def permit(access: Access, verb: Verb) -> None:
    """Raises `Forbidden` when this verb is another party's."""
    if verb not in VERBS_OF[access.party]:
        raise not_yours_to_do(verb)


async def advance(uow: UnitOfWork, access: Access, verb: Verb, *, reason: str | None = None) -> Sequence[CaseClock]:
    """Move the case along its table, write the history, and let its clocks follow; returns the clocks that the verb met.

    Events: ClockBreached, if the case ends with a clock that has run out untold. Raises `Conflict` (case-state).
    """
    case, now = access.case, access.moment(uow)
    state = next_state(case.state, verb)
    moved = state is not case.state
    uow.session.add(
        CaseHistory(
            case_id=case.id,
            at=now,
            verb=verb,
            by_role=access.role,
            by_unit_id=access.unit_id,
            from_state=case.state,
            to_state=state,
            reason=reason,
            rule=RULES,
        )
    )
    case.state = state
    case.updated_at = max(case.updated_at, now)
    if state is not State.answered:
        case.judge_until = None
    return await _turn_clocks(uow, access, verb) if moved or verb in MEETS else ()


async def _turn_clocks(uow: UnitOfWork, access: Access, verb: Verb) -> Sequence[CaseClock]:
    """Resume, meet, then pause or stop what is left, as the new state asks; returns the clocks that the verb met."""
    state, now = access.case.state, access.moment(uow)
    anonymous = access.case.protection is Protection.anonymous
    clocks = [clock for clock in await clocks_of(uow, access.case.id) if clock.met_at is None and clock.stopped_at is None]
    for clock in clocks:
        _resume(clock, hour_of(now) if anonymous else now)
    met = [clock for clock in clocks if clock.kind in MEETS.get(verb, ())]
    for clock in met:
        clock.met_at = now
    left = [clock for clock in clocks if clock.met_at is None and clock.breached_at is None]
    if state is State.waiting_resident:
        _pause(left, hour_of(now) if anonymous else now)
    elif state in CLOSED:
        await _stop(uow, access, left)
    return met


def _resume(clock: CaseClock, now: datetime) -> None:
    if clock.paused_at is not None:
        stood = now - clock.paused_at
        clock.due_at += stood
        clock.paused_total_s += int(stood.total_seconds())
        clock.paused_at = None


def _pause(clocks: Sequence[CaseClock], now: datetime) -> None:
    """What has run out already is past pausing."""
    for clock in clocks:
        if clock.kind in PAUSABLE and clock.due_at > now:
            clock.paused_at = now


async def _stop(uow: UnitOfWork, access: Access, clocks: Sequence[CaseClock]) -> None:
    """The end of a case ends its clocks; one that ran out before is told first, for its end must not hide it."""
    now = access.moment(uow)
    for clock in clocks:
        if clock.due_at > now:
            clock.stopped_at = now
        else:
            await _breach(uow, access.case, clock, now, coarse=access.coarse)


async def _breach(uow: UnitOfWork, case: Case, clock: CaseClock, now: datetime, *, coarse: bool = False) -> None:
    clock.breached_at = now
    breach = ClockBreached(case_id=case.id, unit_id=case.unit_id, kind=clock.kind, due_at=clock.due_at, breached_at=now)
    await uow.record(breach, coarse=coarse)


async def record_acknowledgement(uow: UnitOfWork, case: Case, met: Sequence[CaseClock]) -> None:
    """Tell it once, whichever verb showed that the unit has the case. Events: CaseAcknowledged."""
    for clock in met:
        if clock.kind is ClockKind.acknowledgement and clock.met_at is not None:
            in_time = clock.met_at <= clock.due_at
            event = CaseAcknowledged(case_id=case.id, unit_id=case.unit_id, acknowledged_at=clock.met_at, in_time=in_time)
            await uow.record(event)


async def acknowledge_case(uow: UnitOfWork, principal: Principal, case_id: UUID) -> CaseOut:
    """The unit says that it has the case. Events: CaseAcknowledged. Raises `NotFound`, `Forbidden`, `Conflict`."""
    access = await open_case(uow, principal, case_id, lock=True)
    permit(access, Verb.acknowledge)
    await record_acknowledgement(uow, access.case, await advance(uow, access, Verb.acknowledge))
    return await show_case(uow, access)


async def confirm_case(
    uow: UnitOfWork, policy: ClockPolicy, who: Principal | Holder, case_id: UUID, said: ConfirmationIn
) -> CaseOut:
    """The speaker judges the outcome; "not resolved" gives the case back to the unit, and its clock runs on.

    Events: CaseConfirmed. Raises `NotFound`, `Forbidden`, `Conflict`.
    """
    access = await open_case(uow, who, case_id, lock=True)
    permit(access, Verb.confirm)
    case, now = access.case, access.moment(uow)
    await advance(uow, access, Verb.confirm if said.resolved else Verb.refuse)
    case.resolved, case.satisfied, case.score = said.resolved, said.satisfied, said.score
    case.judgement_count += 1
    case.refused_count += not said.resolved
    case.reopenable_until = now + policy.reopen_within if case.state in CLOSED else None
    event = CaseConfirmed(
        case_id=case.id,
        unit_id=case.unit_id,
        finding_id=case.finding_id,
        judgement=case.judgement_count,
        confirmed_at=now,
        **said.model_dump(),
    )
    await uow.record(event, coarse=access.coarse)
    return await show_case(uow, access)


async def reopen_case(uow: UnitOfWork, policy: ClockPolicy, who: Principal | Holder, case_id: UUID, reason: str) -> CaseOut:
    """The speaker does not accept the end; the case is owed again, with a new resolution clock, and a new first-answer clock
    if its end had stopped that.

    Events: CaseReopened. Raises `NotFound`, `Forbidden`, `Conflict` (case-state, or reopening-over when the window is past).
    """
    access = await open_case(uow, who, case_id, lock=True)
    permit(access, Verb.reopen)
    case, now = access.case, access.moment(uow)
    if case.reopenable_until is not None and now > case.reopenable_until:
        raise Conflict(
            "reopening-over", f"This case could be reopened until {case.reopenable_until:%Y-%m-%d}: submit a new opinion."
        )
    await advance(uow, access, Verb.reopen, reason=reason)
    case.reopened_count += 1
    case.reopenable_until = None
    clocks = await _set_clocks_again(uow, case, policy, now)
    event = CaseReopened(
        case_id=case.id,
        unit_id=case.unit_id,
        judgement=case.judgement_count,
        reopened_count=case.reopened_count,
        reopened_at=now,
        clocks=clocks,
    )
    await uow.record(event, coarse=access.coarse)
    return await show_case(uow, access)


async def _set_clocks_again(uow: UnitOfWork, case: Case, policy: ClockPolicy, now: datetime) -> tuple[ClockSet, ...]:
    answers = [clock for clock in await clocks_of(uow, case.id) if clock.kind is ClockKind.first_answer]
    still_owed = answers[-1].stopped_at is not None
    kinds = (ClockKind.first_answer, ClockKind.resolution) if still_owed else (ClockKind.resolution,)
    due = {kind: now + policy.within[kind] for kind in kinds}
    uow.session.add_all(
        CaseClock(case_id=case.id, kind=kind, round=case.reopened_count, started_at=now, due_at=due_at)
        for kind, due_at in due.items()
    )
    return tuple(ClockSet(kind=kind, due_at=due_at) for kind, due_at in due.items())


async def withdraw_case(
    uow: UnitOfWork, policy: ClockPolicy, who: Principal | Holder, case_id: UUID, reason: str | None
) -> CaseOut:
    """The speaker takes the opinion back; its clocks stop. Events: CaseWithdrawn. Raises `NotFound`, `Forbidden`, `Conflict`."""
    access = await open_case(uow, who, case_id, lock=True)
    permit(access, Verb.withdraw)
    case, now = access.case, access.moment(uow)
    await advance(uow, access, Verb.withdraw, reason=reason)
    case.reopenable_until = now + policy.reopen_within
    event = CaseWithdrawn(case_id=case.id, unit_id=case.unit_id, withdrawn_at=now)
    await uow.record(event, coarse=access.coarse)
    return await show_case(uow, access)


async def lapse_unjudged_cases(uow: UnitOfWork, policy: ClockPolicy) -> bool:
    """Close the answered cases that nobody judged in time, each exactly once; they stay reopenable.

    Any number of workers may run it at once: a case that another one holds is left to it. Returns whether there may be more.
    Events: CaseLapsed.
    """
    now = uow.now()
    due = select(Case).where(col(Case.judge_until) <= now).order_by(col(Case.judge_until)).limit(DUE_BATCH)
    cases = (await uow.session.scalars(due.with_for_update(skip_locked=True))).all()
    for case in cases:
        await advance(uow, Access(case, Party.system, Party.system, None), Verb.lapse)
        case.reopenable_until = now + policy.reopen_within
        await uow.record(CaseLapsed(case_id=case.id, unit_id=case.unit_id, finding_id=case.finding_id, lapsed_at=now))
    return len(cases) > 0


async def open_finding_case(uow: UnitOfWork, policy: ClockPolicy, finding: FindingReported) -> None:
    """A visit found a difficulty: its unit owes work on it, once per finding. Events: CaseOpened. Raises `NotFound`."""
    await chain_of(uow.units, finding.unit_id)
    now, case_id = uow.now(), uow.new_id()
    values = {
        "id": case_id,
        "unit_id": finding.unit_id,
        "state": State.received,
        "source": CaseSource.finding,
        "channel": Channel.emotional,
        "protection": Protection.confidential,
        "category": finding.category,
        "title": FINDING_TITLE,
        "finding_id": finding.finding_id,
        "visit_id": finding.visit_id,
        "sponsor_id": finding.sponsor_id,
        "policy_version": policy.version,
        "opened_at": now,
        "updated_at": now,
    }
    statement = insert(Case).values(values).on_conflict_do_nothing().returning(col(Case.id))
    if await uow.session.scalar(statement) is None:
        return
    due = policy.due(now)
    uow.session.add_all(CaseClock(case_id=case_id, kind=kind, started_at=now, due_at=due_at) for kind, due_at in due)
    event = CaseOpened(
        case_id=case_id,
        unit_id=finding.unit_id,
        source=CaseSource.finding,
        opinion_id=None,
        finding_id=finding.finding_id,
        visit_id=finding.visit_id,
        channel=Channel.emotional,
        category=finding.category,
        opened_at=now,
        clocks=tuple(ClockSet(kind=kind, due_at=due_at) for kind, due_at in due),
    )
    await uow.record(event)


async def breach_due_clocks(uow: UnitOfWork) -> bool:
    """Mark the clocks that ran out and make their cases visible one unit further up, each exactly once.

    Any number of workers may run it at once: a case that another one holds is left to it. Returns whether there may be more.
    Events: ClockBreached, CaseEscalated.
    """
    now = uow.now()
    running = and_(text(RUNNING), col(CaseClock.due_at) <= now)
    due = select(col(CaseClock.case_id)).where(running).order_by(col(CaseClock.due_at)).limit(DUE_BATCH)
    locked = select(Case).where(col(Case.id).in_(due)).order_by(col(Case.id)).with_for_update(skip_locked=True)
    cases = {case.id: case for case in await uow.session.scalars(locked)}
    mine = select(CaseClock).where(running, col(CaseClock.case_id).in_(cases)).order_by(col(CaseClock.due_at))
    for clock in await uow.session.scalars(mine):
        case = cases[clock.case_id]
        await _breach(uow, case, clock, now)
        await _escalate(uow, case, clock.kind, now)
    return len(cases) > 0


async def _escalate(uow: UnitOfWork, case: Case, kind: ClockKind, now: datetime) -> None:
    """One step up the tree; at its root there is nobody left to tell. Events: CaseEscalated."""
    await uow.units.refresh()
    above = unblamed([unit.id for unit in uow.units.chain(case.unit_id)][1:], await exclusions_of(uow, case.id))
    steps = await steps_of(uow, case.id)
    to_unit_id = next_step(above, {step.unit_id for step in steps})
    if to_unit_id is None:
        return
    step = EscalationStep(case_id=case.id, step=len(steps) + 1, unit_id=to_unit_id, kind=kind, notified_at=now)
    uow.session.add(step)
    uow.session.add(
        CaseHistory(
            case_id=case.id,
            at=now,
            verb="escalate",
            by_role="system",
            by_unit_id=to_unit_id,
            from_state=case.state,
            to_state=case.state,
            reason=f"{kind} deadline passed",
            rule=case.policy_version,
        )
    )
    await uow.session.flush()
    await uow.record(
        CaseEscalated(case_id=case.id, unit_id=case.unit_id, to_unit_id=to_unit_id, kind=kind, step=step.step, escalated_at=now)
    )
