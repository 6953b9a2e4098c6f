"""The base of this service's tables: their own registry, so that no other service's tables are in its schema."""

from enum import StrEnum

from sqlalchemy import DateTime, Enum, MetaData
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

metadata = MetaData()

UTC_TIME = DateTime(timezone=True)


class FeedbackTable(SQLModel, registry=registry(metadata=metadata)):
    """Tables of this service derive from this."""


def text_of(values: type[StrEnum]) -> Enum:
    """A text column that comes back as its enumeration; a check constraint (`enum_check`) holds it to the values."""
    return Enum(values, native_enum=False, length=40)
