"""Parts of contracts as they were first published, where what they hold has grown since: see the module of their producer."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class ClockKind(StrEnum):
    acknowledgement = "acknowledgement"
    first_answer = "first_answer"
    resolution = "resolution"


KINDS = {kind.value: kind for kind in ClockKind}
"""By their name: what a newer enumeration calls the same."""


class ClockSet(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: ClockKind
    due_at: datetime


def clocks(due: Iterable[tuple[str, datetime]]) -> tuple[ClockSet, ...]:
    """Of kinds that were among the first."""
    return tuple(ClockSet(kind=ClockKind(kind), due_at=due_at) for kind, due_at in due)
