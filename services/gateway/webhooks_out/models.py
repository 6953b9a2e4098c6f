"""Who wants to hear what, and how far each message has got."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from services.gateway.tables import GatewayTable
from services.gateway.webhooks_out.rules.retries import DeliveryState
from shared.types import enum_check


class WebhookEndpoint(GatewayTable, table=True):
    """Secrets are encrypted; the previous one signs beside the present one until `previous_until`."""

    __tablename__ = "webhook_endpoints"

    id: UUID = Field(primary_key=True)
    url: str
    event_types: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    description: str
    enabled: bool
    secret: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    previous_secret: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    previous_until: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class WebhookDelivery(GatewayTable, table=True):
    """One message to one endpoint. `body` goes when it has been delivered or cancelled.

    `next_attempt_at` is set while the message is open, and pushed on while an attempt runs, so that a worker that dies leaves
    its work to the next.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id", name="webhook_deliveries_once"),
        CheckConstraint(enum_check("state", DeliveryState), name="webhook_deliveries_state_check"),
        Index("webhook_deliveries_due", "endpoint_id", "next_attempt_at", postgresql_where=text("next_attempt_at IS NOT NULL")),
        Index("webhook_deliveries_page", "endpoint_id", "id"),
        Index("webhook_deliveries_state_page", "endpoint_id", "state", "id"),
    )

    id: UUID = Field(primary_key=True)
    endpoint_id: UUID = Field(sa_column=Column(Uuid, ForeignKey("webhook_endpoints.id", ondelete="CASCADE"), nullable=False))
    event_id: UUID
    event_type: str
    body: bytes | None = Field(sa_column=Column(LargeBinary))
    state: str
    attempts: int
    last_status: int | None = None
    last_error: str | None = None
    next_attempt_at: datetime | None = Field(sa_column=Column(DateTime(timezone=True)))
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False, index=True))
    delivered_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
