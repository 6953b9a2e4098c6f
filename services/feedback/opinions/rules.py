"""Who may say what, and how. Pure."""

from services.feedback.cases.rules import Protection
from shared.errors import Invalid

MOST_ABOUT = 20


def check_import(protection: Protection) -> None:
    """Another system's record has its exact time and its source: no anonymity can be promised. Raises `Invalid`."""
    if protection is Protection.anonymous:
        raise Invalid("import-not-anonymous", "A record with an `origin` cannot be anonymous: leave `protection` out.")
