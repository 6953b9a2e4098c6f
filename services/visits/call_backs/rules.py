"""Drawing a sample that anybody can draw again, and what its results add up to. Pure."""

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from math import ceil
from typing import NamedTuple

from shared.errors import Conflict, Invalid

MOST = 200
LONGEST = timedelta(days=366)
LEAST_SAID = 5


class Result(StrEnum):
    """What the resident said, or that nothing was said. For a refused visit `took_place` means that somebody came."""

    took_place = "took_place"
    did_not_take_place = "did_not_take_place"
    not_reached = "not_reached"
    declined = "declined"


class Said(NamedTuple):
    """What residents said; null both, where so few said anything that it would point at them."""

    took_place: int | None
    did_not_take_place: int | None


def check_period(starts_on: date, ends_on: date) -> None:
    """Raises `Invalid` (period-unfit)."""
    if not starts_on <= ends_on <= starts_on + LONGEST:
        raise Invalid("period-unfit", "ends_on is starts_on or a later day, at most a year on.")


def size_of(population: int, *, share: float | None, size: int | None) -> int:
    """How many to draw: at least one, and never more than there are or than can be called."""
    wanted = size if size is not None else ceil((share or 0) * population)
    return max(1, min(wanted, population, MOST))


def check_result(known: Result | None, *, finished: bool) -> None:
    """Somebody not reached may be called again, until the last has a result. Raises `Conflict`."""
    if finished:
        raise Conflict("call-back-finished", "Every visit of this call-back has its result: they stand.")
    if known not in (None, Result.not_reached):
        raise Conflict("result-given", "This visit has its result: it stands.")


def add_up(results: Iterable[Result | None]) -> Said:
    """With any number."""
    given = list(results)
    return Said(given.count(Result.took_place), given.count(Result.did_not_take_place))


def veiled(said: Said) -> Said:
    """As the unit and others may know it."""
    return said if (said.took_place or 0) + (said.did_not_take_place or 0) >= LEAST_SAID else Said(None, None)
