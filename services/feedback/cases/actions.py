"""What changes a case. Each locks the case first, so that the events of one case leave in order."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.feedback.cases.models import Case, CaseClock, CaseHistory, EscalationStep
from services.feedback.cases.queries import Access, Holder, chain_of, clocks_of, exclusions_of, open_case, show_case, steps_of
from services.feedback.cases.rules import (
    CLOSED,
    MEETS,
    RULES,
    VERBS_OF,
    Channel,
    ClockPolicy,
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
from shared.errors import Conflict
from shared.events.feedback import (
    CaseAcknowledged,
    CaseConfirmed,
    CaseEscalated,
    CaseOpened,
    CaseReopened,
    CaseSource,
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
    """Move the case along its table, write the history, and stop the clocks that the verb meets; returns those.

    Raises `Conflict` (case-state).
    """
    case, now = access.case, access.moment(uow)
    state = next_state(case.state, verb)
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
    return await _meet_clocks(uow, case.id, MEETS.get(verb, ()), now)


async def _meet_clocks(uow: UnitOfWork, case_id: UUID, kinds: Sequence[ClockKind], now: datetime) -> Sequence[CaseClock]:
    met = [clock for clock in await clocks_of(uow, case_id) if clock.kind in kinds and clock.met_at is None] if kinds else []
    for clock in met:
        clock.met_at = now
    return met


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
    case.refused_count += not said.resolved
    case.reopenable_until = now + policy.reopen_within if case.state in CLOSED else None
    event = CaseConfirmed(case_id=case.id, unit_id=case.unit_id, confirmed_at=now, **said.model_dump())
    await uow.record(event, coarse=access.coarse)
    return await show_case(uow, access)


async def reopen_case(uow: UnitOfWork, policy: ClockPolicy, who: Principal | Holder, case_id: UUID, reason: str) -> CaseOut:
    """The speaker does not accept the end; the case is owed again, with a new resolution clock.

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
    due_at = now + policy.within[ClockKind.resolution]
    clock = CaseClock(case_id=case.id, kind=ClockKind.resolution, round=case.reopened_count, started_at=now, due_at=due_at)
    uow.session.add(clock)
    event = CaseReopened(
        case_id=case.id,
        unit_id=case.unit_id,
        reopened_count=case.reopened_count,
        reopened_at=now,
        clocks=(ClockSet(kind=clock.kind, due_at=due_at),),
    )
    await uow.record(event, coarse=access.coarse)
    return await show_case(uow, access)


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
    running = col(CaseClock.met_at).is_(None) & col(CaseClock.breached_at).is_(None) & (col(CaseClock.due_at) <= now)
    due = select(col(CaseClock.case_id)).where(running).order_by(col(CaseClock.due_at)).limit(DUE_BATCH)
    locked = select(Case).where(col(Case.id).in_(due)).order_by(col(Case.id)).with_for_update(skip_locked=True)
    cases = {case.id: case for case in await uow.session.scalars(locked)}
    mine = select(CaseClock).where(running, col(CaseClock.case_id).in_(cases)).order_by(col(CaseClock.due_at))
    for clock in await uow.session.scalars(mine):
        clock.breached_at = now
        case = cases[clock.case_id]
        breach = ClockBreached(case_id=case.id, unit_id=case.unit_id, kind=clock.kind, due_at=clock.due_at, breached_at=now)
        await uow.record(breach)
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
