"""A rejection is looked at again by the unit above."""

from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import col

from services.feedback.appeals.schemas import DecisionIn
from services.feedback.cases.actions.advancing import advance, permit
from services.feedback.cases.actions.clocks import owe_again, start_clocks
from services.feedback.cases.actions.sharing import give_part
from services.feedback.cases.models import Case, CaseAppeal
from services.feedback.cases.queries.access import Access, Holder, nearest_above, open_case
from services.feedback.cases.queries.reading import show_case
from services.feedback.cases.rules import Decision, Part, Verb
from services.feedback.cases.schemas import CaseOut
from services.feedback.cases.sealing import seal
from services.feedback.decisions.actions import tell_decision
from services.feedback.decisions.rules import Kind, Reason, Rule
from services.feedback.errors import not_yours_to_do
from shared.auth import Principal
from shared.errors import Conflict
from shared.events.feedback import AppealDecided, ClockKind, DecidedAbout, RejectionAppealed
from shared.uow import UnitOfWork


async def appeal_rejection(uow: UnitOfWork, who: Principal | Holder, case_id: UUID, reason: str) -> CaseOut:
    """The speaker asks the nearest unit above that the case is not about; that unit reads it now and owes a decision.

    Once for each rejection. Events: RejectionAppealed. Raises `NotFound`, `Forbidden`, `Conflict` (case-state, appeal-over,
    not-appealable).
    """
    access = await open_case(uow, who, case_id, lock=True)
    permit(access, Verb.appeal)
    case, now = access.case, access.moment(uow)
    unit_id = await _deciding_unit(uow, access)
    await advance(uow, access, Verb.appeal, reason=reason)
    number = 1 + (
        await uow.session.scalar(select(func.max(col(CaseAppeal.number))).where(col(CaseAppeal.case_id) == case_id)) or 0
    )
    uow.session.add(CaseAppeal(case_id=case_id, number=number, unit_id=unit_id, reason=seal(uow, case, reason), appealed_at=now))
    case.appealable_until, case.appeal_unit_id = None, unit_id
    await give_part(uow, case_id, unit_id, Part.told, now)
    clocks = await start_clocks(uow, case, (ClockKind.appeal,), now)
    event = RejectionAppealed(case_id=case_id, unit_id=case.unit_id, to_unit_id=unit_id, appealed_at=now, clocks=clocks)
    await uow.record(event, coarse=access.coarse)
    return await show_case(uow, access)


async def _deciding_unit(uow: UnitOfWork, access: Access) -> UUID:
    until = access.case.appealable_until
    unit_id = await nearest_above(uow, access.case) if until is not None else None
    if until is None or unit_id is None:
        raise Conflict(
            "not-appealable", "This rejection was appealed already, or no unit above could decide: write a new opinion."
        )
    if not access.standing.appealable:
        raise Conflict("appeal-over", f"This rejection could be appealed until {until:%Y-%m-%d}: submit a new opinion.")
    return unit_id


async def decide_appeal(uow: UnitOfWork, principal: Principal, case_id: UUID, said: DecisionIn) -> CaseOut:
    """The unit above upholds the rejection, or overturns it: then the case is owed by its unit again, with new clocks.

    Events: AppealDecided, DecisionMade; CaseUnmerged if an overturned case was merged. Raises `NotFound`, `Forbidden`, `Conflict`
    (case-state, no-appeal).
    """
    access = await open_case(uow, principal, case_id, lock=True)
    verb, case, now = Verb(said.decision), access.case, access.moment(uow)
    permit(access, verb)
    if case.appeal_unit_id is None:
        raise Conflict(
            "no-appeal", "No appeal waits for a decision on this case: its speaker has not appealed, or it is decided."
        )
    if not access.standing.decides:
        raise not_yours_to_do(verb)
    overturned = said.decision is Decision.overturn
    await advance(uow, access, verb, reason=said.reason)
    await _write_decision(uow, case, said)
    clocks = await owe_again(uow, case, now) if overturned else ()
    event = AppealDecided(
        case_id=case_id,
        unit_id=case.unit_id,
        by_unit_id=case.appeal_unit_id,
        overturned=overturned,
        decided_at=now,
        clocks=clocks,
    )
    case.appeal_unit_id = None
    await uow.record(event)
    await tell_decision(
        uow,
        Kind.overturned if overturned else Kind.upheld,
        Rule.appealed,
        Reason.in_the_case,
        about=DecidedAbout.case,
        id=case_id,
        unit_id=case.unit_id,
        at=now,
        role=access.role,
        by_unit_id=event.by_unit_id,
    )
    return await show_case(uow, access)


async def _write_decision(uow: UnitOfWork, case: Case, said: DecisionIn) -> None:
    pending = select(CaseAppeal).where(col(CaseAppeal.case_id) == case.id, col(CaseAppeal.decision).is_(None))
    appeal = (await uow.session.scalars(pending)).one()
    appeal.decision, appeal.decision_reason, appeal.decided_at = said.decision, seal(uow, case, said.reason), uow.now()
