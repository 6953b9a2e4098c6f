"""The speaker does not accept the end of a case, or ends it."""

from datetime import datetime
from uuid import UUID

from services.feedback.cases.actions.advancing import advance, permit
from services.feedback.cases.actions.clocks import owe_again, terms_of
from services.feedback.cases.actions.following import pass_on_followers
from services.feedback.cases.models import Case, EscalationChain
from services.feedback.cases.queries.access import Holder, open_case
from services.feedback.cases.queries.reading import show_case
from services.feedback.cases.rules import Verb
from services.feedback.cases.schemas import CaseOut
from shared.auth import Principal
from shared.errors import Conflict
from shared.events import v1
from shared.events.feedback import CaseReopened, CaseWithdrawn, EscalationCause
from shared.uow import UnitOfWork


async def withdraw_case(uow: UnitOfWork, who: Principal | Holder, case_id: UUID, reason: str | None) -> CaseOut:
    """The speaker takes the opinion back; its clocks stop. What was merged into it is answered without it.

    Events: CaseWithdrawn; CaseUnmerged, CaseMerged of what was merged into it. Raises `NotFound`, `Forbidden`, `Conflict`.
    """
    access = await open_case(uow, who, case_id, lock=True)
    permit(access, Verb.withdraw)
    case, now = access.case, access.moment(uow)
    await advance(uow, access, Verb.withdraw, reason=reason)
    case.reopenable_until = terms_of(uow, case).reopenable_until(now)
    event = CaseWithdrawn(case_id=case.id, unit_id=case.unit_id, withdrawn_at=now)
    await uow.record(event, coarse=access.coarse)
    await pass_on_followers(uow, access)
    return await show_case(uow, access)


async def reopen_case(uow: UnitOfWork, who: Principal | Holder, case_id: UUID, reason: str) -> CaseOut:
    """The speaker does not accept the end; the case is owed again, with a new resolution clock, and a new first-answer clock
    if there was no answer. Repeated reopening becomes visible further up.

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
    clocks = await owe_again(uow, case, now)
    _escalate_repetition(uow, case, now)
    event = CaseReopened(
        case_id=case.id,
        unit_id=case.unit_id,
        judgement=case.judgement_count,
        reopened_count=case.reopened_count,
        reopened_at=now,
        clocks=v1.clocks((clock.kind, clock.due_at) for clock in clocks),
    )
    await uow.record(event, coarse=access.coarse)
    return await show_case(uow, access)


def _escalate_repetition(uow: UnitOfWork, case: Case, now: datetime) -> None:
    """A chain of one step, due at once, which `escalations` takes."""
    if terms_of(uow, case).escalates_reopening(case.reopened_count):
        chain = EscalationChain(case_id=case.id, cause=EscalationCause.reopening, round=case.reopened_count, next_at=now)
        uow.session.add(chain)
