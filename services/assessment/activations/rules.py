"""When a standard may begin to count."""

from datetime import datetime

from shared.errors import Conflict


def check_ready(*, comments_until: datetime, now: datetime, unanswered: int, tried: bool) -> None:
    """Raises `Conflict` (comments-still-open, comments-unanswered, not-tried)."""
    if now < comments_until:
        raise Conflict(
            "comments-still-open", f"Residents may comment until {comments_until.isoformat()}: activate it after that."
        )
    if unanswered:
        raise Conflict("comments-unanswered", f"{unanswered} comments have no answer: say first what became of each.")
    if not tried:
        raise Conflict(
            "not-tried", "Try it over past evidence first: POST /v1/standards/{id}/dry-runs, and wait until it has finished."
        )
