"""Every table of this service, imported so that `metadata` is complete: what migrations compare the database with."""

from services.gateway.access import models as access
from services.gateway.tables import metadata
from services.gateway.webhooks_out import models as webhooks_out

__all__ = ["access", "metadata", "webhooks_out"]
