"""Texts with gaps: what may stand in one, and how it is filled. Pure."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from string import Formatter

from shared.errors import Invalid


class Placeholder(StrEnum):
    case_title = "case_title"
    unit_name = "unit_name"
    due_date = "due_date"
    opened_on = "opened_on"
    category = "category"


NOTHING = "—"
"""What stands for a value that a case does not have."""


def check_text(text: str) -> None:
    """Raises `Invalid` (template-braces, unknown-placeholder)."""
    for _, name in _parts(text):
        if name is not None and name not in list(Placeholder):
            known = ", ".join(f"{{{placeholder}}}" for placeholder in Placeholder)
            raise Invalid("unknown-placeholder", f"A placeholder is one of {known}; write {{{{ and }}}} for a brace.")


def fill_text(text: str, values: Mapping[Placeholder, str | None]) -> str:
    """`text` was checked."""
    return "".join(literal + (values[Placeholder(name)] or NOTHING if name else "") for literal, name in _parts(text))


def _parts(text: str) -> Iterator[tuple[str, str | None]]:
    """Literal text, and the placeholder after it; a conversion or a format makes it an unknown one."""
    try:
        for literal, name, form, conversion in Formatter().parse(text):
            yield literal, f"{name}!{conversion}:{form}" if form or conversion else name
    except ValueError:
        raise Invalid("template-braces", "Its braces do not match: write {{ and }} for a brace.") from None
