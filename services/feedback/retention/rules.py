"""What comes to its end after a case has, and what a changed policy on that would have meant. Pure."""

from collections.abc import Iterator
from enum import StrEnum

from services.feedback.cases.rules import Channel
from shared.practices import RetentionTerms

FLOOR = 5
"""Fewer cases than this are not told apart."""


class End(StrEnum):
    """What comes to its end."""

    access = "access"
    words = "words"


def rows_of(terms: RetentionTerms) -> Iterator[tuple[str, bool, int, int]]:
    """(channel, whether protected, days of access, days of words)."""
    for channel in Channel:
        kept = terms.of(channel)
        for protected in (True, False):
            yield channel, protected, kept.access_days, kept.words_days(protected=protected)


def tell(cases: int, sooner: int, later: int) -> tuple[int | None, int | None]:
    """How many would end sooner, and how many later; neither where that would tell of few."""
    if any(0 < part < FLOOR for part in (sooner, later, cases - sooner - later)):
        return None, None
    return sooner, later
