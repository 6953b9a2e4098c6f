"""How much of the tree a campaign covers."""

from collections.abc import Iterable
from dataclasses import dataclass

from shared.types import Level

RULE = "exclusions.v1"
"""A unit is left out by an administrator or a lead of a unit above it, never by itself; with a reason that is public."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of `units`, those `covered` by a campaign and those left out of it. The others are not of the level that it is for."""

    units: int
    covered: int
    excluded: int

    @property
    def share(self) -> float | None:
        """None where there are no units."""
        return self.covered / self.units if self.units else None


def cover(level: Level, only_level: Level | None, units: int, excluded: int) -> Coverage:
    """Of the units of one level."""
    return Coverage(units, units - excluded if only_level in (None, level) else 0, excluded)


def together(parts: Iterable[Coverage]) -> Coverage:
    every = list(parts)
    return Coverage(*(sum(getattr(part, name) for part in every) for name in ("units", "covered", "excluded")))
