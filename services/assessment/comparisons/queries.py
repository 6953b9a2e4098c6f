"""Comparing a unit with its peers, by the grades that stand."""

from fractions import Fraction
from uuid import UUID

from sqlalchemy import select, text
from sqlmodel import col

from services.assessment.comparisons.rules import NO_COMPOSITE, NO_PROFILE, Place, Result, place_of, too_few
from services.assessment.comparisons.schemas import PlaceAmongPeers
from services.assessment.grades.models import STANDS, UnitGrade
from services.assessment.grades.queries import find_standing_grade
from services.assessment.grading.rules.judging import GradeValue
from services.assessment.profiles.models import NEWEST, UnitProfile
from services.assessment.standards.queries import get_standard
from services.assessment.units.queries import get_unit
from shared.uow import UnitOfWork

RESULTS = text(f"""
    SELECT value, composite, count(*) AS units FROM unit_profiles JOIN grades USING (unit_id)
    WHERE peer_group = :group AND {NEWEST} AND standard_id = :standard AND {STANDS} AND composite IS NOT NULL
    GROUP BY value, composite
""")
"""What is read grows with the group alone: its units, and the one grade of each that stands, are found by index."""


async def get_place(uow: UnitOfWork, unit_id: UUID) -> PlaceAmongPeers:
    """Where the grade of a unit that stands has its place. Raises `NotFound` (unit-not-found, grade-not-published)."""
    await get_unit(uow, unit_id)
    grade = await find_standing_grade(uow, unit_id)
    mine = select(col(UnitProfile.peer_group)).where(col(UnitProfile.unit_id) == unit_id, text(NEWEST))
    group = await uow.session.scalar(mine)
    found = await _place(uow, grade, group)
    placed = found if isinstance(found, Place) else None
    places = {name: placed and getattr(placed, name) for name in Place.__dataclass_fields__}
    return PlaceAmongPeers.model_validate(
        {
            **places,
            "unit_id": unit_id,
            "standard": await get_standard(uow, grade.standard_id),
            "peer_group": group,
            "value": grade.value,
            "composite": grade.composite and Fraction(grade.composite),
            "not_shown": None if placed else found,
        }
    )


async def _place(uow: UnitOfWork, grade: UnitGrade, group: str | None) -> Place | str:
    """The place, or why there is none."""
    if grade.composite is None:
        return NO_COMPOSITE
    if group is None:
        return NO_PROFILE
    rows = await uow.session.execute(RESULTS, {"group": group, "standard": grade.standard_id})
    results = {_result(row.value, row.composite): row.units for row in rows}
    return too_few(sum(results.values())) or place_of(_result(grade.value, grade.composite), results)


def _result(value: str, composite: str) -> Result:
    return Result(GradeValue(value), Fraction(composite))
