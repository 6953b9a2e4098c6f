"""What this service does when others tell it something: one table, event type -> handler."""

from services.gateway.webhooks_out.actions import queue_deliveries
from services.gateway.webhooks_out.rules.subscriptions import CONTRACTS
from shared.consumer import Handlers
from shared.events.assessment import UnitRegistered
from shared.events.envelope import Event, Record
from shared.units import KnownUnit
from shared.uow import UnitOfWork


async def on_unit_registered(uow: UnitOfWork, event: UnitRegistered, record: Record) -> None:
    await uow.know_unit(KnownUnit.of(event))
    await queue_deliveries(uow, record)


async def on_event(uow: UnitOfWork, event: Event, record: Record) -> None:
    """Other systems may want to hear of anything."""
    await queue_deliveries(uow, record)


CONSUMES: Handlers = {**dict.fromkeys(CONTRACTS, on_event), UnitRegistered: on_unit_registered}
