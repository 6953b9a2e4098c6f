"""Reading practice policies: those registered and those shipped, told in one list."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col

from services.assessment.practices.models import PracticeVersion
from shared.pages import cut, decode_cursor
from shared.practices import SHIPPED, GradeTerms, InspectionRhythm, Practice, PracticeBook
from shared.types import Level
from shared.uow import UnitOfWork


def shipped() -> list[PracticeVersion]:
    """Their ids come before every registered one's."""
    return [PracticeVersion.of(policy) for policy in SHIPPED]


async def list_practice_policies(
    uow: UnitOfWork, *, practice: Practice | None, limit: int, cursor: str | None
) -> tuple[Sequence[PracticeVersion], str | None]:
    """A page of every version of every policy, oldest first, and the next cursor."""
    after = decode_cursor(cursor)
    statement = select(PracticeVersion).order_by(col(PracticeVersion.id)).limit(limit + 1)
    if practice is not None:
        statement = statement.where(col(PracticeVersion.practice) == practice)
    if after is not None:
        statement = statement.where(col(PracticeVersion.id) > after)
    first = [each for each in shipped() if practice in (None, each.practice) and (after is None or each.id > after)]
    return cut([*first, *await uow.session.scalars(statement)], limit, lambda version: version.id)


async def get_effective_practice(uow: UnitOfWork, practice: Practice, level: Level | None, at: datetime) -> PracticeVersion:
    """The one in effect at `at`. Raises `NotFound` (practice-policy-not-found) before 1970."""
    versions = {version.id: version for version in await _begun(uow, at)}
    return versions[_book(versions.values()).policy_for(practice, level, at).id]


async def grade_terms(uow: UnitOfWork, level: Level, at: datetime) -> GradeTerms:
    """How long a grade of a unit of this level holds, and how long what surrounds it takes."""
    return _book(await _begun(uow, at)).grade_terms(level, at)


async def inspection_rhythm(uow: UnitOfWork, level: Level, at: datetime) -> InspectionRhythm:
    """How often a unit of this level is inspected at least."""
    return _book(await _begun(uow, at)).inspection_rhythm(level, at)


def _book(versions: Iterable[PracticeVersion]) -> PracticeBook:
    return PracticeBook(version.policy() for version in versions)


async def _begun(uow: UnitOfWork, at: datetime) -> list[PracticeVersion]:
    """The highest version of each policy that has begun at `at`."""
    newest = select(PracticeVersion).ext(distinct_on(col(PracticeVersion.code))).where(col(PracticeVersion.effective_from) <= at)
    rows = await uow.session.scalars(newest.order_by(col(PracticeVersion.code), col(PracticeVersion.version).desc()))
    return [*shipped(), *rows]
