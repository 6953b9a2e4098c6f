"""The speaker judges the outcome, or lets the time for it pass."""

from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from services.feedback.cases.actions.advancing import advance, permit
from services.feedback.cases.actions.clocks import terms_of
from services.feedback.cases.models import Case
from services.feedback.cases.queries.access import Access, Holder, open_case
from services.feedback.cases.queries.reading import show_case
from services.feedback.cases.rules import CLOSED, Party, Verb
from services.feedback.cases.schemas import CaseOut, ConfirmationIn
from services.feedback.decisions.actions import tell_decision
from services.feedback.decisions.rules import Kind, Reason, Rule
from shared.auth import Principal
from shared.events.feedback import CaseConfirmed, CaseLapsed, DecidedAbout
from shared.uow import UnitOfWork

DUE_BATCH = 100


async def confirm_case(uow: UnitOfWork, who: Principal | Holder, case_id: UUID, said: ConfirmationIn) -> CaseOut:
    """The speaker judges the outcome; "not resolved" gives the case back to the unit, its clock runs on, and the next answer is
    owed.

    Events: CaseConfirmed. Raises `NotFound`, `Forbidden`, `Conflict`.
    """
    access = await open_case(uow, who, case_id, lock=True)
    permit(access, Verb.confirm)
    case, now = access.case, access.moment(uow)
    await advance(uow, access, Verb.confirm if said.resolved else Verb.refuse)
    case.resolved, case.satisfied, case.score = said.resolved, said.satisfied, said.score
    case.judgement_count += 1
    case.refused_count += not said.resolved
    case.reopenable_until = terms_of(uow, case).reopenable_until(now) if case.state in CLOSED else None
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


async def lapse_unjudged_cases(uow: UnitOfWork) -> bool:
    """Close the answered cases that nobody judged in time, each exactly once; they stay reopenable.

    Any number of workers may run it at once: a case that another one holds is left to it. Returns whether there may be more.
    Events: CaseLapsed, DecisionMade.
    """
    now = uow.now()
    due = select(Case).where(col(Case.judge_until) <= now).order_by(col(Case.judge_until)).limit(DUE_BATCH)
    cases = (await uow.session.scalars(due.with_for_update(skip_locked=True))).all()
    for case in cases:
        await advance(uow, Access(case, None, Party.system, Party.system, None), Verb.lapse)
        case.reopenable_until = terms_of(uow, case).reopenable_until(now)
        await uow.record(CaseLapsed(case_id=case.id, unit_id=case.unit_id, finding_id=case.finding_id, lapsed_at=now))
        await tell_decision(
            uow,
            Kind.lapsed,
            Rule.lapsed,
            Reason.nobody_judged,
            about=DecidedAbout.case,
            id=case.id,
            unit_id=case.unit_id,
            at=now,
            role=None,
        )
    return len(cases) > 0
