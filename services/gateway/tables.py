"""The base of this service's tables: their own registry, so that no other service's tables are in its schema."""

from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

metadata = MetaData()


class GatewayTable(SQLModel, registry=registry(metadata=metadata)):
    """Tables of this service derive from this."""
