"""Units as they are asked for and shown."""

from uuid import UUID

from pydantic import Field

from shared.types import Code, In, Level, Line, Out


class UnitIn(In):
    code: Code = Field(description="Unique over the whole tree, and for ever.")
    name: Line
    level: Level
    parent_id: UUID | None = Field(description="The unit above; null for a root.")


class UnitOut(Out):
    id: UUID
    code: str
    name: str
    level: Level
    parent_id: UUID | None
    path: str = Field(description="Codes from the root down, joined by `/`.")
