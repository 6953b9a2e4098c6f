"""Other systems that want to hear what happens: where to tell them, and what they got."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from services.gateway.settings import GatewaySettings
from services.gateway.webhooks_out import actions, queries
from services.gateway.webhooks_out.rules.retries import DeliveryState
from services.gateway.webhooks_out.rules.signing import written
from services.gateway.webhooks_out.schemas import DeliveryOut, NewWebhook, SecretRotated, WebhookMade, WebhookOut
from services.gateway.webhooks_out.sealing import SecretBox
from shared.auth import Administrator
from shared.http import EdgeRoute, Uow
from shared.pages import Page, PageCursor, PageLimit

router = APIRouter(prefix="/v1/webhooks", route_class=EdgeRoute, tags=["webhooks"])


def _settings(request: Request) -> GatewaySettings:
    settings: GatewaySettings = request.app.state.settings
    return settings


def _box(request: Request) -> SecretBox:
    box: SecretBox = request.app.state.secret_box
    return box


Settings = Annotated[GatewaySettings, Depends(_settings)]
Box = Annotated[SecretBox, Depends(_box)]


@router.post("", status_code=201)
async def create_webhook(uow: Uow, principal: Administrator, settings: Settings, box: Box, new: NewWebhook) -> WebhookMade:
    """Register an endpoint. Messages are signed by Standard Webhooks with the secret in the answer, which is shown only now."""
    endpoint, secret = await actions.create_webhook(
        uow,
        box,
        url=new.url,
        event_types=new.event_types,
        description=new.description,
        allowed=settings.webhook_allowed_networks,
    )
    return WebhookMade(**WebhookOut.model_validate(endpoint).model_dump(), secret=written(secret))


@router.get("")
async def list_webhooks(uow: Uow, principal: Administrator, limit: PageLimit = 50, cursor: PageCursor = None) -> Page[WebhookOut]:
    """Every endpoint, oldest first."""
    endpoints, next_cursor = await queries.list_endpoints(uow, limit=limit, cursor=cursor)
    return Page(items=[WebhookOut.model_validate(endpoint) for endpoint in endpoints], next_cursor=next_cursor)


@router.get("/{webhook_id}")
async def read_webhook(uow: Uow, principal: Administrator, webhook_id: UUID) -> WebhookOut:
    """One endpoint."""
    return WebhookOut.model_validate(await queries.find_endpoint(uow, webhook_id))


@router.delete("/{webhook_id}", status_code=204)
async def delete_webhook(uow: Uow, principal: Administrator, webhook_id: UUID) -> None:
    """Remove an endpoint, with all that waits for it and its history."""
    await actions.delete_webhook(uow, webhook_id)


@router.get("/{webhook_id}/deliveries")
async def list_deliveries(
    uow: Uow,
    principal: Administrator,
    webhook_id: UUID,
    state: Annotated[DeliveryState | None, Query(description="Only those in this state.")] = None,
    limit: PageLimit = 50,
    cursor: PageCursor = None,
) -> Page[DeliveryOut]:
    """The messages of an endpoint of the last 30 days, newest first, each with what became of it."""
    deliveries, next_cursor = await queries.list_deliveries(uow, webhook_id, state=state, limit=limit, cursor=cursor)
    return Page(items=[DeliveryOut.model_validate(delivery) for delivery in deliveries], next_cursor=next_cursor)


@router.post("/{webhook_id}/rotate-secret")
async def rotate_secret(uow: Uow, principal: Administrator, box: Box, webhook_id: UUID) -> SecretRotated:
    """A new secret; for 24 hours messages carry signatures by both."""
    secret, until = await actions.rotate_secret(uow, box, webhook_id)
    return SecretRotated(id=webhook_id, secret=written(secret), previous_valid_until=until)


@router.post("/{webhook_id}/test", status_code=202)
async def send_test(uow: Uow, principal: Administrator, webhook_id: UUID) -> DeliveryOut:
    """Send `massline.gateway.webhook.tested.v1` to this endpoint; see its deliveries for what came of it."""
    return DeliveryOut.model_validate(await actions.send_test(uow, webhook_id))


@router.post("/{webhook_id}/deliveries/{delivery_id}/retry", status_code=202)
async def retry_delivery(uow: Uow, principal: Administrator, webhook_id: UUID, delivery_id: UUID) -> DeliveryOut:
    """Send a failed or exhausted message again now, under the same `webhook-id`, with a fresh count of attempts."""
    return DeliveryOut.model_validate(await actions.retry_delivery(uow, webhook_id, delivery_id))
