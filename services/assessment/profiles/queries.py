"""Reading profiles, and finding who is comparable."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import aliased
from sqlmodel import col

from services.assessment.profiles.models import NEWEST, UnitProfile
from services.assessment.profiles.rules import Profile
from services.assessment.profiles.schemas import PeerOut, ProfileOut
from services.assessment.units.models import Unit
from services.assessment.units.queries import get_unit
from shared.errors import NotFound
from shared.events.assessment import Terrain
from shared.pages import cut, decode_cursor
from shared.types import Level
from shared.uow import UnitOfWork

PROFILES_OF = text("""
    SELECT unit_id, population, staff, terrain
    FROM unnest(CAST(:units AS uuid[])) AS asked (unit_id), LATERAL (
        SELECT population, staff, terrain FROM unit_profiles
        WHERE unit_profiles.unit_id = asked.unit_id AND as_of <= :day
        ORDER BY as_of DESC, version DESC LIMIT 1
    ) AS declared
""")


async def profiles_of(uow: UnitOfWork, unit_ids: Collection[UUID], on: date) -> dict[UUID, Profile]:
    """What counted for each unit on a day; a unit that had declared nothing for it is left out. One query for all of them."""
    rows = await uow.session.execute(PROFILES_OF, {"units": list(unit_ids), "day": on})
    return {row.unit_id: Profile(row.population, row.staff, Terrain(row.terrain)) for row in rows}


async def get_profile(uow: UnitOfWork, unit_id: UUID) -> UnitProfile:
    """The one that counts now. Raises `NotFound` (unit-not-found, profile-not-found)."""
    unit = await get_unit(uow, unit_id)
    found = await uow.session.scalar(select(UnitProfile).where(col(UnitProfile.unit_id) == unit.id, text(NEWEST)))
    if found is None:
        raise NotFound(
            "profile-not-found",
            "This unit has declared no profile: its lead or an administrator does so with POST /v1/units/{id}/profiles.",
        )
    return found


async def list_profiles(
    uow: UnitOfWork, unit_id: UUID, *, limit: int, cursor: str | None
) -> tuple[Sequence[UnitProfile], str | None]:
    """A page of all that the unit has declared, in that order, and the next cursor. Raises `NotFound` (unit-not-found)."""
    unit = await get_unit(uow, unit_id)
    statement = select(UnitProfile).where(col(UnitProfile.unit_id) == unit.id).order_by(col(UnitProfile.id)).limit(limit + 1)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(UnitProfile.id) > after)
    rows = (await uow.session.scalars(statement)).all()
    return cut(rows, limit, lambda profile: profile.id)


async def list_peers(uow: UnitOfWork, unit_id: UUID, *, limit: int, cursor: str | None) -> tuple[list[PeerOut], str | None]:
    """A page of the other units of its peer group, in the order of their registration, and the next cursor.

    Raises `NotFound` (unit-not-found, profile-not-found).
    """
    own = await get_profile(uow, unit_id)
    page = (
        select(UnitProfile)
        .where(text(NEWEST), col(UnitProfile.peer_group) == own.peer_group, col(UnitProfile.unit_id) != own.unit_id)
        .order_by(col(UnitProfile.unit_id))
        .limit(limit + 1)
    )
    after = decode_cursor(cursor)
    if after is not None:
        page = page.where(col(UnitProfile.unit_id) > after)
    peer = aliased(UnitProfile, page.subquery())
    statement = select(Unit, peer).join(peer, col(peer.unit_id) == col(Unit.id)).order_by(col(peer.unit_id))
    rows, following = cut((await uow.session.execute(statement)).all(), limit, lambda row: row[0].id)
    return [_peer(unit, profile) for unit, profile in rows], following


def _peer(unit: Unit, profile: UnitProfile) -> PeerOut:
    return PeerOut(
        unit_id=unit.id,
        code=unit.code,
        name=unit.name,
        level=Level(unit.level),
        path=unit.path,
        profile=ProfileOut.model_validate(profile),
    )
