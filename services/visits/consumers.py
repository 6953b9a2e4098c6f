"""What this service does when others tell it something: one table, event type -> handler."""

from services.visits.findings.actions import FindingCase, answer_case, confirm_case, open_case, reject_case
from services.visits.visitors.actions import project_visitor
from shared.consumer import Handlers
from shared.events.assessment import UnitRegistered
from shared.events.envelope import Record
from shared.events.feedback import CaseAnswered, CaseConfirmed, CaseOpened, CaseRejected
from shared.events.gateway import AccountCreated
from shared.units import KnownUnit, project_unit
from shared.uow import UnitOfWork


async def on_unit_registered(uow: UnitOfWork, event: UnitRegistered, record: Record) -> None:
    await project_unit(uow.session, KnownUnit.of(event))


async def on_account_created(uow: UnitOfWork, event: AccountCreated, record: Record) -> None:
    await project_visitor(uow, account_id=event.account_id, role=event.role, unit_id=event.unit_id)


async def on_case_opened(uow: UnitOfWork, event: CaseOpened, record: Record) -> None:
    if event.finding_id is not None:
        await open_case(uow, FindingCase(event.finding_id, event.case_id, event.unit_id, event.opened_at))


async def on_case_answered(uow: UnitOfWork, event: CaseAnswered, record: Record) -> None:
    if event.finding_id is not None:
        await answer_case(uow, FindingCase(event.finding_id, event.case_id, event.unit_id, event.answered_at))


async def on_case_confirmed(uow: UnitOfWork, event: CaseConfirmed, record: Record) -> None:
    if event.finding_id is not None:
        case = FindingCase(event.finding_id, event.case_id, event.unit_id, event.confirmed_at)
        await confirm_case(uow, case, resolved=event.resolved)


async def on_case_rejected(uow: UnitOfWork, event: CaseRejected, record: Record) -> None:
    if event.finding_id is not None:
        await reject_case(uow, FindingCase(event.finding_id, event.case_id, event.unit_id, event.rejected_at))


CONSUMES: Handlers = {
    UnitRegistered: on_unit_registered,
    AccountCreated: on_account_created,
    CaseOpened: on_case_opened,
    CaseAnswered: on_case_answered,
    CaseConfirmed: on_case_confirmed,
    CaseRejected: on_case_rejected,
}
