"""Webhooks as the API shows them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from services.gateway.webhooks_out.rules.retries import DeliveryState
from shared.types import In, Out, Text

EventType = Annotated[Text, StringConstraints(min_length=1, max_length=200)]


class NewWebhook(In):
    url: Annotated[Text, StringConstraints(min_length=1, max_length=2000)] = Field(
        description="http or https; every address it leads to is vetted at each delivery.", examples=["https://example.org/hook"]
    )
    event_types: Annotated[list[EventType], Field(min_length=1, max_length=100)] = Field(
        description='Event types, or `"*"` for all, also those to come.', examples=[["massline.feedback.case.opened.v1"]]
    )
    description: Annotated[Text, StringConstraints(max_length=200)] = ""


class WebhookOut(Out):
    id: UUID
    url: str
    event_types: list[str]
    description: str
    enabled: bool
    created_at: datetime


class SecretOut(Out):
    id: UUID
    secret: str = Field(description="Shown this once. Standard Webhooks: `whsec_` and base64.")


class WebhookMade(WebhookOut):
    secret: str = Field(description="Shown this once. Standard Webhooks: `whsec_` and base64.")


class SecretRotated(SecretOut):
    previous_valid_until: datetime = Field(description="Until then every message carries a signature by the old secret too.")


class DeliveryOut(Out):
    id: UUID
    event_id: UUID = Field(description="Sent as `webhook-id`: the same at every attempt.")
    event_type: str
    state: DeliveryState
    attempts: int
    last_status: int | None
    last_error: str | None
    next_attempt_at: datetime | None
    created_at: datetime
    delivered_at: datetime | None
