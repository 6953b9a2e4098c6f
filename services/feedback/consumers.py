"""What this service does when others tell it something: one table, event type -> handler."""

from services.feedback.cases.actions.opening import change_sponsor, open_finding_case
from shared.consumer import Handlers
from shared.events.assessment import (
    PolicyRegistered,
    PolicySupplementRegistered,
    RetentionPolicyRegistered,
    UnitRegistered,
    WorkingCalendarRegistered,
)
from shared.events.envelope import Record
from shared.events.visits import FindingReported, FindingSponsorChanged
from shared.policy_directory import project_calendar, project_policy, project_retention, project_supplement
from shared.units import KnownUnit
from shared.uow import UnitOfWork


async def on_unit_registered(uow: UnitOfWork, event: UnitRegistered, record: Record) -> None:
    await uow.know_unit(KnownUnit.of(event))


async def on_policy_registered(uow: UnitOfWork, event: PolicyRegistered, record: Record) -> None:
    await project_policy(uow.session, event)


async def on_policy_supplement_registered(uow: UnitOfWork, event: PolicySupplementRegistered, record: Record) -> None:
    await project_supplement(uow.session, event)


async def on_retention_policy_registered(uow: UnitOfWork, event: RetentionPolicyRegistered, record: Record) -> None:
    await project_retention(uow.session, event)


async def on_working_calendar_registered(uow: UnitOfWork, event: WorkingCalendarRegistered, record: Record) -> None:
    await project_calendar(uow.session, event)


async def on_finding_reported(uow: UnitOfWork, event: FindingReported, record: Record) -> None:
    await open_finding_case(uow, event)


async def on_finding_sponsor_changed(uow: UnitOfWork, event: FindingSponsorChanged, record: Record) -> None:
    await change_sponsor(uow, event)


CONSUMES: Handlers = {
    UnitRegistered: on_unit_registered,
    PolicyRegistered: on_policy_registered,
    PolicySupplementRegistered: on_policy_supplement_registered,
    RetentionPolicyRegistered: on_retention_policy_registered,
    WorkingCalendarRegistered: on_working_calendar_registered,
    FindingReported: on_finding_reported,
    FindingSponsorChanged: on_finding_sponsor_changed,
}
