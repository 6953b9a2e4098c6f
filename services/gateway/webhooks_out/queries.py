"""Reading endpoints and deliveries."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from services.gateway.webhooks_out.models import WebhookDelivery, WebhookEndpoint
from services.gateway.webhooks_out.rules.retries import DeliveryState
from shared.errors import NotFound
from shared.pages import cut, decode_cursor
from shared.uow import UnitOfWork


async def find_endpoint(uow: UnitOfWork, endpoint_id: UUID, *, lock: bool = False) -> WebhookEndpoint:
    """Raises `NotFound`."""
    endpoint = await uow.session.get(WebhookEndpoint, endpoint_id, with_for_update=lock)
    if endpoint is None:
        raise NotFound("webhook-not-found", "No webhook has this id. List them with GET /v1/webhooks.")
    return endpoint


async def find_delivery(uow: UnitOfWork, endpoint_id: UUID, delivery_id: UUID, *, lock: bool = False) -> WebhookDelivery:
    """Raises `NotFound`, also for a delivery of another endpoint."""
    delivery = await uow.session.get(WebhookDelivery, delivery_id, with_for_update=lock)
    if delivery is None or delivery.endpoint_id != endpoint_id:
        raise NotFound("delivery-not-found", "This webhook has no delivery of this id.")
    return delivery


async def list_endpoints(uow: UnitOfWork, *, limit: int, cursor: str | None) -> tuple[Sequence[WebhookEndpoint], str | None]:
    """Oldest first. Raises `Invalid` (malformed-cursor)."""
    statement = select(WebhookEndpoint).order_by(col(WebhookEndpoint.id)).limit(limit + 1)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(WebhookEndpoint.id) > after)
    rows = (await uow.session.scalars(statement)).all()
    return cut(rows, limit, lambda endpoint: endpoint.id)


async def list_deliveries(
    uow: UnitOfWork, endpoint_id: UUID, *, state: DeliveryState | None, limit: int, cursor: str | None
) -> tuple[Sequence[WebhookDelivery], str | None]:
    """Newest first. Raises `NotFound`, `Invalid` (malformed-cursor)."""
    await find_endpoint(uow, endpoint_id)
    statement = select(WebhookDelivery).where(col(WebhookDelivery.endpoint_id) == endpoint_id)
    before = decode_cursor(cursor)
    if before is not None:
        statement = statement.where(col(WebhookDelivery.id) < before)
    if state is not None:
        statement = statement.where(col(WebhookDelivery.state) == state.value)
    rows = (await uow.session.scalars(statement.order_by(col(WebhookDelivery.id).desc()).limit(limit + 1))).all()
    return cut(rows, limit, lambda delivery: delivery.id)
