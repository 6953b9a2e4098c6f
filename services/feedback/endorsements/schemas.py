"""What goes out of the routes about shared cases."""

from datetime import date
from uuid import UUID

from pydantic import Field

from services.feedback.cases.rules import State
from shared.types import Out


class SharedCaseOut(Out):
    """A case as anybody with an account sees it whose speaker lets others read it. Neither who spoke nor what was said in it is
    here: an answer may quote the speaker."""

    id: UUID
    state: State
    unit_id: UUID
    category: str | None
    title: str
    body: str | None
    opened_on: date
    endorsement_count: int
    endorsed: bool = Field(description="Whether you endorsed it.")
    outcome: str | None = Field(description="What changes for people, once the unit has answered.")
