"""What becomes of a record that a phone sends when it is back."""

from enum import StrEnum

MOST_ITEMS = 100
MOST_CHANGES = 500


class SyncStatus(StrEnum):
    applied = "applied"
    already_applied = "already_applied"
    conflict = "conflict"
    refused = "refused"


def made_it(base_version: int, *, left: int | None) -> bool:
    """Whether somebody made a visit that is another's by now: it was theirs, and their phone had not heard that it left."""
    return left is not None and base_version < left
