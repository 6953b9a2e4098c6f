"""Trying a standard over the past."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from services.assessment.grading.rules.judging import GradeValue
from shared.errors import Invalid
from shared.types import Level

LONGEST = timedelta(days=3 * 366)
Counts = dict[str, dict[str, int]]


def check_past(since: datetime, until: datetime, now: datetime) -> None:
    """Raises `Invalid` (dry-run-span)."""
    if not since < until <= now or until - since > LONGEST:
        raise Invalid(
            "dry-run-span", "`since` must be before `until`, `until` not in the future, and three years between them at most."
        )


def tallied(counts: Mapping[str, Mapping[str, int]], found: Iterable[tuple[Level, GradeValue]]) -> Counts:
    """These counts with these grades added: how many units of each level have each grade."""
    total: Counts = {level: dict(values) for level, values in counts.items()}
    for (level, value), n in Counter(found).items():
        values = total.setdefault(level, {})
        values[value] = values.get(value, 0) + n
    return total


def moved(counts: Mapping[str, int], found: Iterable[tuple[GradeValue, GradeValue]]) -> dict[str, int]:
    """These counts with these changes of grade added, each as `from -> to`."""
    changes = Counter(f"{before} -> {after}" for before, after in found if before is not after)
    return {change: counts.get(change, 0) + changes[change] for change in sorted({*counts, *changes})}


def lacking(counts: Mapping[str, int], found: Iterable[Iterable[str]]) -> dict[str, int]:
    """For how many units each criterion was missing."""
    missing = Counter(code for codes in found for code in codes)
    return {code: counts.get(code, 0) + missing[code] for code in sorted({*counts, *missing})}
