"""Endpoints made, changed and removed; messages queued for them, and what became of each attempt."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, bindparam, case, delete, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.gateway.tables import metadata
from services.gateway.webhooks_out.models import WebhookDelivery, WebhookEndpoint
from services.gateway.webhooks_out.queries import find_delivery, find_endpoint
from services.gateway.webhooks_out.rules.addresses import check_url
from services.gateway.webhooks_out.rules.retries import (
    GONE,
    LEASE,
    SENDABLE,
    DeliveryState,
    Reply,
    step_after,
)
from services.gateway.webhooks_out.rules.subscriptions import EVENT_TYPES, check_event_types, wants
from services.gateway.webhooks_out.sealing import SecretBox, new_secret
from shared.errors import Conflict
from shared.events.envelope import Record, structured
from shared.events.gateway import WebhookTested
from shared.uow import UnitOfWork

CHANNEL = "massline_webhooks"
OLD_SECRET_VALID = timedelta(hours=24)
KEPT = timedelta(days=30)
SUBSCRIPTIONS = "webhook subscriptions"
"""Where a session keeps the endpoints that it has read. A message is queued in the transaction that read them, which began
after its event was published, so an endpoint registered before an event never misses it."""

deliveries = metadata.tables["webhook_deliveries"]


@dataclass(frozen=True, slots=True)
class Lease:
    """One attempt that this worker may make now, after `attempts` others."""

    id: UUID
    endpoint_id: UUID
    event_id: UUID
    body: bytes
    attempts: int
    url: str
    secret: bytes
    previous_secret: bytes | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of a lease."""

    lease: Lease
    reply: Reply
    jitter: float


async def create_webhook(
    uow: UnitOfWork,
    box: SecretBox,
    *,
    url: str,
    event_types: Sequence[str],
    description: str,
    allowed: Sequence[IPv4Network | IPv6Network],
) -> tuple[WebhookEndpoint, bytes]:
    """An endpoint and its secret, which is shown this once. Raises `Invalid` (webhook-url-refused, unknown-event-type)."""
    check_url(url, allowed)
    check_event_types(event_types, EVENT_TYPES)
    endpoint_id, secret = uow.new_id(), new_secret()
    endpoint = WebhookEndpoint(
        id=endpoint_id,
        url=url,
        event_types=sorted(set(event_types)),
        description=description,
        enabled=True,
        secret=box.seal(endpoint_id, secret),
        created_at=uow.now(),
    )
    uow.session.add(endpoint)
    await uow.session.flush()
    return endpoint, secret


async def delete_webhook(uow: UnitOfWork, endpoint_id: UUID) -> None:
    """The endpoint, its secrets and its deliveries go. Raises `NotFound`."""
    endpoint = await find_endpoint(uow, endpoint_id, lock=True)
    await uow.session.delete(endpoint)


async def rotate_secret(uow: UnitOfWork, box: SecretBox, endpoint_id: UUID) -> tuple[bytes, datetime]:
    """The new secret, and until when the one before it signs too (24 h). Raises `NotFound`."""
    endpoint = await find_endpoint(uow, endpoint_id, lock=True)
    secret, until = new_secret(), uow.now() + OLD_SECRET_VALID
    endpoint.previous_secret, endpoint.previous_until = endpoint.secret, until
    endpoint.secret = box.seal(endpoint_id, secret)
    return secret, until


async def send_test(uow: UnitOfWork, endpoint_id: UUID) -> WebhookDelivery:
    """Send the endpoint one WebhookTested, whatever it subscribes to. Raises `NotFound`, `Conflict` (webhook-disabled)."""
    endpoint = await find_endpoint(uow, endpoint_id, lock=True)
    _check_enabled(endpoint)
    event = WebhookTested(webhook_id=endpoint_id, tested_at=uow.now())
    record = Record(
        id=uow.new_id(),
        type=event.type,
        key=event.key,
        time=uow.now(),
        topic=event.topic,
        data=event.model_dump_json().encode(),
    )
    row = _row(uow, endpoint_id, record, structured(record))
    await uow.session.execute(insert(deliveries), row)
    uow.wakes.add(CHANNEL)
    return WebhookDelivery(**row)


async def retry_delivery(uow: UnitOfWork, endpoint_id: UUID, delivery_id: UUID) -> WebhookDelivery:
    """Begin again with a failed or exhausted message, under the same webhook-id.

    Raises `NotFound`, `Conflict` (webhook-disabled, delivery-finished).
    """
    _check_enabled(await find_endpoint(uow, endpoint_id, lock=True))
    delivery = await find_delivery(uow, endpoint_id, delivery_id, lock=True)
    if delivery.body is None:
        raise Conflict("delivery-finished", f"This message is {delivery.state}: there is nothing to send again.")
    delivery.state, delivery.attempts, delivery.next_attempt_at = DeliveryState.pending.value, 0, uow.now()
    uow.wakes.add(CHANNEL)
    return delivery


def _check_enabled(endpoint: WebhookEndpoint) -> None:
    if not endpoint.enabled:
        raise Conflict("webhook-disabled", "The endpoint answered 410 Gone and is disabled: register it anew.")


async def queue_deliveries(uow: UnitOfWork, record: Record) -> None:
    """One message to every enabled endpoint that wants the event; an event that comes again changes nothing."""
    endpoints = [endpoint for endpoint, wanted in await _subscriptions(uow) if wants(wanted, record.type)]
    if not endpoints:
        return
    body = structured(record)
    rows = [_row(uow, endpoint, record, body) for endpoint in endpoints]
    await uow.session.execute(insert(deliveries).values(rows).on_conflict_do_nothing(constraint="webhook_deliveries_once"))


async def _subscriptions(uow: UnitOfWork) -> list[tuple[UUID, list[str]]]:
    known: dict[str, Any] = uow.session.info
    if SUBSCRIPTIONS not in known:
        statement = select(col(WebhookEndpoint.id), col(WebhookEndpoint.event_types)).where(col(WebhookEndpoint.enabled))
        known[SUBSCRIPTIONS] = [(id_, wanted) for id_, wanted in await uow.session.execute(statement)]
        if known[SUBSCRIPTIONS]:
            uow.wakes.add(CHANNEL)
    found: list[tuple[UUID, list[str]]] = known[SUBSCRIPTIONS]
    return found


def _row(uow: UnitOfWork, endpoint_id: UUID, record: Record, body: bytes) -> dict[str, Any]:
    return {
        "id": uow.new_id(),
        "endpoint_id": endpoint_id,
        "event_id": record.id,
        "event_type": record.type,
        "body": body,
        "state": DeliveryState.pending.value,
        "attempts": 0,
        "next_attempt_at": uow.now(),
        "created_at": uow.now(),
    }


async def lease_deliveries(
    uow: UnitOfWork, *, busy: Sequence[UUID], held: Sequence[UUID], per_endpoint: int, limit: int
) -> list[Lease]:
    """Take due messages, at most `per_endpoint` of each endpoint that is not `busy`, so that none waits behind another's.

    Until `LEASE` is over no other worker takes them. Those that the worker still has in hand are `held`: a clock that leaps over
    their lease does not make it send them a second time.
    """
    now = uow.now()
    endpoint, delivery = WebhookEndpoint, WebhookDelivery
    own = (
        select(col(delivery.id))
        .where(col(delivery.endpoint_id) == col(endpoint.id), col(delivery.next_attempt_at) <= now, col(delivery.id).not_in(held))
        .order_by(col(delivery.next_attempt_at))
        .limit(per_endpoint)
        .with_for_update(skip_locked=True)
        .lateral("own")
    )
    previous = case((col(endpoint.previous_until) > now, col(endpoint.previous_secret)), else_=None)
    due = (
        select(own.c.id, col(endpoint.url), col(endpoint.secret), previous.label("previous_secret"))
        .join(own, true())
        .where(col(endpoint.enabled), col(endpoint.id).not_in(busy))
        .limit(limit)
        .cte("due")
    )
    taken = (
        update(deliveries)
        .where(deliveries.c.id == due.c.id)
        .values(next_attempt_at=now + LEASE)
        .returning(
            *(deliveries.c[name] for name in ("id", "endpoint_id", "event_id", "body", "attempts")),
            due.c.url,
            due.c.secret,
            due.c.previous_secret,
        )
    )
    return [Lease(*row) for row in await uow.session.execute(taken)]


async def settle_attempts(uow: UnitOfWork, attempts: Sequence[Attempt]) -> None:
    """Write down what became of attempts; 410 disables the endpoint and cancels what waits for it."""
    settled = sorted((_settled(attempt, uow.now()) for attempt in attempts), key=lambda row: row["of"].bytes)
    connection = await uow.session.connection()
    await connection.execute(SETTLE, settled)
    gone = {attempt.lease.endpoint_id for attempt in attempts if attempt.reply.status == GONE}
    if gone:
        await _disable(uow, gone)


SETTLE = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("of"), deliveries.c.next_attempt_at.is_not(None))
    .values(
        state=bindparam("to_state"),
        attempts=bindparam("made"),
        body=case((bindparam("keep", type_=Boolean), deliveries.c.body), else_=None),
        last_status=bindparam("status"),
        last_error=bindparam("reason"),
        next_attempt_at=bindparam("due"),
        delivered_at=bindparam("delivered"),
    )
)


def _settled(attempt: Attempt, now: datetime) -> dict[str, Any]:
    made = attempt.lease.attempts + 1
    step = step_after(attempt.reply, attempts=made, now=now, jitter=attempt.jitter)
    return {
        "of": attempt.lease.id,
        "to_state": step.state.value,
        "made": made,
        "keep": step.state in SENDABLE,
        "status": attempt.reply.status,
        "reason": attempt.reply.reason,
        "due": step.next_at,
        "delivered": now if step.state is DeliveryState.delivered else None,
    }


async def _disable(uow: UnitOfWork, endpoint_ids: Collection[UUID]) -> None:
    await uow.session.execute(update(WebhookEndpoint).where(col(WebhookEndpoint.id).in_(endpoint_ids)).values(enabled=False))
    waiting = (deliveries.c.endpoint_id.in_(endpoint_ids), deliveries.c.next_attempt_at.is_not(None))
    cancelled = {"state": DeliveryState.cancelled.value, "body": None, "next_attempt_at": None}
    await uow.session.execute(update(deliveries).where(*waiting).values(**cancelled))


async def forget_deliveries(uow: UnitOfWork, *, limit: int) -> int:
    """Drop finished messages after 30 days; how many went."""
    old = (
        select(deliveries.c.id)
        .where(deliveries.c.created_at < uow.now() - KEPT, deliveries.c.next_attempt_at.is_(None))
        .limit(limit)
    )
    gone = await uow.session.execute(delete(deliveries).where(deliveries.c.id.in_(old)).returning(deliveries.c.id))
    return len(gone.all())
