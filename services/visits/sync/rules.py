"""What becomes of a record that a phone sends when it is back."""

from datetime import timedelta
from enum import StrEnum

from shared.errors import Conflict

MOST_ITEMS = 100
MOST_CHANGES = 500
KEPT = timedelta(days=90)
"""How long a phone may be offline and go on where it was: as long as the widest window of a visit is."""
MARKED_EVERY = timedelta(days=1)


class SyncStatus(StrEnum):
    applied = "applied"
    already_applied = "already_applied"
    conflict = "conflict"
    settled = "settled"
    refused = "refused"


class Choice(StrEnum):
    """What becomes of a record that stands against another: `theirs` stands alone, or `both` stand, and what this one found and
    promised is added to the visit. A record is never replaced."""

    theirs = "theirs"
    both = "both"


def made_it(base_version: int, *, left: int | None) -> bool:
    """Whether somebody made a visit that is another's by now: it was theirs, and their phone had not heard that it left."""
    return left is not None and base_version < left


def check_settled_once(settled: Choice | None, choice: Choice) -> None:
    """Raises `Conflict` (conflict-settled)."""
    if settled is not None and settled is not choice:
        raise Conflict("conflict-settled", f"This conflict was settled before: {settled}. What was settled stays.")
