"""Which unit may get a case. Pure."""

from collections.abc import Collection, Sequence
from enum import StrEnum
from uuid import UUID

from services.feedback.cases.rules import unblamed
from shared.errors import Conflict, Invalid


class JointState(StrEnum):
    working = "working"
    left = "left"


MOST_JOINT_UNITS = 20
"""How many units may work on one case beside the one that owes it."""


def check_receiver(owner: UUID, receiver: Sequence[UUID], about: Collection[UUID]) -> None:
    """`receiver` is a unit and those above it, nearest first. Raises `Conflict` (unit-owes-case), `Invalid` (unit-concerned)."""
    if receiver[0] == owner:
        raise Conflict("unit-owes-case", "This unit owes the case already: name another.")
    if receiver[0] not in unblamed(receiver, about):
        raise Invalid("unit-concerned", "The case is about this unit, or about one above it, so it may not see it: name another.")
