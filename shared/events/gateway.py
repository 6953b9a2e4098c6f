"""Facts that the gateway tells: who may act. Never a name or a way to reach anybody."""

from datetime import datetime
from uuid import UUID

from shared.events.envelope import Event


class AccountCreated(Event, type="massline.gateway.account.created.v1", key="account_id"):
    """When: an administrator made an account that acts for a unit (residents' accounts are never told).

    Key: the account. Consumed by visits, which keeps who can be sent.
    """

    account_id: UUID
    role: str
    unit_id: UUID | None


class WebhookTested(Event, type="massline.gateway.webhook.tested.v1", key="webhook_id"):
    """When: an administrator asked for a test message. Key: the webhook. Sent to that endpoint alone, never over the bus."""

    webhook_id: UUID
    tested_at: datetime
