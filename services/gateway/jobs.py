"""Work that no request and no event starts."""

from services.gateway.webhooks_out.actions import forget_deliveries
from services.gateway.webhooks_out.dispatcher import Dispatcher
from shared.service import Job
from shared.uow import Works

AT_ONCE = 5000


def make_jobs(dispatcher: Dispatcher) -> list[Job]:
    return [
        Job("webhook-dispatcher", 1.0, dispatcher.run),
        Job("webhook-retention", 3600.0, forget_old_deliveries),
    ]


async def forget_old_deliveries(works: Works) -> bool:
    async with works.begin() as uow:
        return await forget_deliveries(uow, limit=AT_ONCE) == AT_ONCE
