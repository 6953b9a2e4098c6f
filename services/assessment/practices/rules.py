"""When a version may begin."""

from datetime import datetime

from shared.errors import Invalid


def check_start(effective_from: datetime, now: datetime) -> None:
    """History is never rewritten. Raises `Invalid` (policy-in-the-past)."""
    if effective_from < now:
        raise Invalid("policy-in-the-past", "`effective_from` must not be in the past: leave it out to begin now.")
