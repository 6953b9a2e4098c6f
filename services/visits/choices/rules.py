"""For how long a contact may rest."""

from datetime import datetime

from shared.errors import Invalid


def check_suspension(until: datetime | None, now: datetime) -> None:
    """Raises `Invalid` (suspension-over)."""
    if until is not None and until <= now:
        raise Invalid("suspension-over", "`until` has passed: name a time to come, or leave it out.")
