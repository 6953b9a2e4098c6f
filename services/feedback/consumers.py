"""What this service does when others tell it something: one table, event type -> handler."""

from services.feedback.cases.actions import open_finding_case
from services.feedback.cases.rules import ClockPolicy
from shared.consumer import Handlers
from shared.events.assessment import UnitRegistered
from shared.events.envelope import Record
from shared.events.visits import FindingReported
from shared.units import KnownUnit, project_unit
from shared.uow import UnitOfWork


async def on_unit_registered(uow: UnitOfWork, event: UnitRegistered, record: Record) -> None:
    await project_unit(uow.session, KnownUnit.of(event))


def consumes(policy: ClockPolicy) -> Handlers:
    """The table; a finding's case gets its clocks from `policy`."""

    async def on_finding_reported(uow: UnitOfWork, event: FindingReported, record: Record) -> None:
        await open_finding_case(uow, policy, event)

    return {UnitRegistered: on_unit_registered, FindingReported: on_finding_reported}
