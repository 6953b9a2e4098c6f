"""What this service does when others tell it something: one table, event type -> handler."""

from collections.abc import Sequence

from services.visits.cases import actions as cases
from services.visits.findings import actions as findings
from services.visits.findings.actions import FindingCase
from services.visits.requests.actions import ask_for_visit, follow_visit, hand_over_request, take_request_up, withdraw_request
from services.visits.visitors.actions import project_visitor
from services.visits.visits.actions import count_visits_serving
from services.visits.visits.rules import VisitState
from shared.consumer import Handlers
from shared.events.assessment import PracticePolicyRegistered, UnitRegistered
from shared.events.envelope import Record
from shared.events.feedback import (
    AppealDecided,
    CaseAnswered,
    CaseConfirmed,
    CaseHandedOver,
    CaseLapsed,
    CaseOpened,
    CaseRejected,
    CaseReopened,
    CaseWithdrawn,
    VisitRequested,
)
from shared.events.gateway import AccountCreated
from shared.events.visits import CancelCause, VisitCancelled, VisitMissed, VisitRecorded
from shared.policy_directory import project_practice
from shared.units import KnownUnit
from shared.uow import UnitOfWork


async def on_unit_registered(uow: UnitOfWork, event: UnitRegistered, record: Record) -> None:
    await uow.know_unit(KnownUnit.of(event))


async def on_practice_policy_registered(uow: UnitOfWork, event: PracticePolicyRegistered, record: Record) -> None:
    await project_practice(uow.session, event)


async def on_account_created(uow: UnitOfWork, event: AccountCreated, record: Record) -> None:
    await project_visitor(uow, account_id=event.account_id, role=event.role, unit_id=event.unit_id)


async def on_case_opened(uow: UnitOfWork, event: CaseOpened, record: Record) -> None:
    await cases.open_case(uow, event.case_id, event.unit_id, event.opened_at)
    await count_visits_serving(uow, event.case_id)
    if event.finding_id is not None:
        await findings.open_case(uow, FindingCase(event.finding_id, event.case_id, event.unit_id, event.opened_at))


async def on_case_answered(uow: UnitOfWork, event: CaseAnswered, record: Record) -> None:
    await cases.answer_case(uow, event.case_id, event.answered_at)
    await count_visits_serving(uow, event.case_id)
    if event.finding_id is not None:
        await findings.answer_case(uow, FindingCase(event.finding_id, event.case_id, event.unit_id, event.answered_at))


async def on_case_handed_over(uow: UnitOfWork, event: CaseHandedOver, record: Record) -> None:
    await cases.hand_over_case(uow, event.case_id, event.unit_id, event.handed_over_count)
    await count_visits_serving(uow, event.case_id)
    if event.finding_id is not None:
        await findings.hand_over_case(uow, FindingCase(event.finding_id, event.case_id, event.unit_id, event.handed_over_at))
    await hand_over_request(uow, case_id=event.case_id, unit_id=event.unit_id, count=event.handed_over_count)


async def on_case_confirmed(uow: UnitOfWork, event: CaseConfirmed, record: Record) -> None:
    if event.finding_id is not None:
        case = FindingCase(event.finding_id, event.case_id, event.unit_id, event.confirmed_at)
        await findings.confirm_case(uow, case, resolved=event.resolved)


async def on_case_rejected(uow: UnitOfWork, event: CaseRejected, record: Record) -> None:
    if event.finding_id is not None:
        await findings.reject_case(uow, FindingCase(event.finding_id, event.case_id, event.unit_id, event.rejected_at))


async def on_appeal_decided(uow: UnitOfWork, event: AppealDecided, record: Record) -> None:
    if event.overturned:
        await cases.reopen_case(uow, event.case_id, event.decided_at)


async def on_case_reopened(uow: UnitOfWork, event: CaseReopened, record: Record) -> None:
    await cases.reopen_case(uow, event.case_id, event.reopened_at)
    await take_request_up(uow, case_id=event.case_id, unit_id=event.unit_id, reopened_at=event.reopened_at)


async def on_case_lapsed(uow: UnitOfWork, event: CaseLapsed, record: Record) -> None:
    await cases.lapse_case(uow, event.case_id, event.lapsed_at)


async def on_case_withdrawn(uow: UnitOfWork, event: CaseWithdrawn, record: Record) -> None:
    await cases.withdraw_case(uow, event.case_id, event.withdrawn_at)
    await withdraw_request(uow, case_id=event.case_id, unit_id=event.unit_id, withdrawn_at=event.withdrawn_at)


async def on_visit_requested(uow: UnitOfWork, event: VisitRequested, record: Record) -> None:
    await ask_for_visit(uow, case_id=event.case_id, unit_id=event.unit_id, requested_at=event.requested_at)


async def on_visit_recorded(uow: UnitOfWork, event: VisitRecorded, record: Record) -> None:
    await follow_visit(uow, plan_id=event.plan_id, became=VisitState(event.outcome))


async def on_visit_missed(uow: UnitOfWork, event: VisitMissed, record: Record) -> None:
    await follow_visit(uow, plan_id=event.plan_id, became=VisitState.missed)


async def on_visit_cancelled(uow: UnitOfWork, event: VisitCancelled, record: Record) -> None:
    if event.cause is not CancelCause.plan_changed:
        await follow_visit(uow, plan_id=event.plan_id, became=VisitState.cancelled)


CONSUMES: Handlers = {
    UnitRegistered: on_unit_registered,
    PracticePolicyRegistered: on_practice_policy_registered,
    AccountCreated: on_account_created,
    CaseOpened: on_case_opened,
    CaseAnswered: on_case_answered,
    CaseHandedOver: on_case_handed_over,
    CaseConfirmed: on_case_confirmed,
    CaseRejected: on_case_rejected,
    AppealDecided: on_appeal_decided,
    CaseReopened: on_case_reopened,
    CaseLapsed: on_case_lapsed,
    CaseWithdrawn: on_case_withdrawn,
    VisitRequested: on_visit_requested,
    VisitRecorded: on_visit_recorded,
    VisitMissed: on_visit_missed,
    VisitCancelled: on_visit_cancelled,
}

ABOUT_CASES = frozenset(
    event.type for event in (CaseOpened, CaseAnswered, CaseHandedOver, AppealDecided, CaseReopened, CaseLapsed, CaseWithdrawn)
)


async def lock_cases_told_of(uow: UnitOfWork, records: Sequence[Record]) -> None:
    """All cases of a batch at once, so that records of visits and batches of events lock them in one order."""
    if about := {record.key for record in records if record.type in ABOUT_CASES}:
        await cases.lock_cases(uow, about)
