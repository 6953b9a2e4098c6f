"""How units stand above one another."""

from shared.errors import Invalid
from shared.types import Level

RANK = {level: rank for rank, level in enumerate(Level)}
"""0 is the highest level."""
SEPARATOR = "/"


def check_level(level: Level, parent_level: Level) -> None:
    """A unit stands below its parent; levels may be skipped. Raises `Invalid` (level-not-below-parent)."""
    if RANK[level] <= RANK[parent_level]:
        raise Invalid(
            "level-not-below-parent",
            f"A {level.value} unit cannot stand below a {parent_level.value} unit: choose a lower level or another parent.",
        )


def path_of(code: str, parent_path: str | None) -> str:
    """Codes from the root down to the unit itself."""
    return code if parent_path is None else f"{parent_path}{SEPARATOR}{code}"


def codes_of(path: str) -> list[str]:
    """The codes of the units above and of the unit itself, root first."""
    return path.split(SEPARATOR)


def covers(upper_path: str, path: str) -> bool:
    """Whether the unit at `path` is the one at `upper_path` or stands below it."""
    return path == upper_path or path.startswith(upper_path + SEPARATOR)
