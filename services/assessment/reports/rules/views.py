"""Whom a report is for. Pure."""

from enum import StrEnum


class View(StrEnum):
    """`public`: for anybody. `unit`: for those who answer for the unit. `inspector`: for those who assess it."""

    public = "public"
    unit = "unit"
    inspector = "inspector"


def view_of(*, assesses: bool, answers: bool) -> View:
    """Who neither assesses nor answers for the unit reads what everybody reads."""
    if assesses:
        return View.inspector
    return View.unit if answers else View.public
