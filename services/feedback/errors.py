"""The refusals of this service that several nouns share."""

from datetime import datetime

from shared.errors import Conflict, Forbidden, NotFound


def case_not_found() -> NotFound:
    """Also the answer for a case that exists and is not the caller's to see."""
    return NotFound("case-not-found", "There is no such case among those that you may see. List them with GET /v1/cases.")


def shared_case_not_found() -> NotFound:
    """Also the answer for a case that exists and is not shared, or not any more."""
    return NotFound("shared-case-not-found", "There is no such case among those that others may read.")


def case_erased(erased_at: datetime) -> Conflict:
    """What people write in a case has no place to go any more."""
    return Conflict("case-erased", f"What was said here was erased on {erased_at:%Y-%m-%d}: the case takes no more words.")


def not_yours_to_do(verb: str) -> Forbidden:
    return Forbidden("not-yours-to-do", f"You may read this case, but not {verb} it: see `allowed` on the case.")


def receipt_not_found() -> NotFound:
    """The one answer for a mistyped, a wrong and a never-issued receipt."""
    return NotFound("receipt-not-found", "No opinion answers to this receipt: check it character by character.")


def opinion_not_found() -> NotFound:
    """Also the answer for an opinion of somebody else."""
    return NotFound("opinion-not-found", "There is no such opinion among your own.")
