"""What changes profiles: only ever a new declaration."""

from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlmodel import col

from services.assessment.profiles.models import NEWEST, UnitProfile
from services.assessment.profiles.rules import Profile, check_as_of, peer_group
from services.assessment.profiles.schemas import ProfileIn
from services.assessment.units.models import Unit
from services.assessment.units.queries import get_unit
from shared.auth import Principal, Role
from shared.errors import Forbidden
from shared.events.assessment import UnitProfileDeclared
from shared.types import Level
from shared.uow import UnitOfWork


async def declare_profile(uow: UnitOfWork, principal: Principal, unit_id: UUID, said: ProfileIn) -> UnitProfile:
    """Keep what an administrator or the unit's own lead declares of it. Records `UnitProfileDeclared`.

    It counts from its day on, until the next day that something is declared for; of two declarations of one day the later counts.
    Raises `NotFound` (unit-not-found), `Forbidden` (profile-not-yours), `Invalid` (profile-in-the-future).
    """
    unit = await get_unit(uow, unit_id)
    if principal.role is not Role.admin and principal.unit_id != unit.id:
        raise Forbidden("profile-not-yours", "Only the unit's own lead or an administrator declares its profile.")
    check_as_of(said.as_of, uow.now().date())
    await _one_at_a_time(uow, unit.id)
    profile = UnitProfile(
        **said.model_dump(),
        id=uow.new_id(),
        unit_id=unit.id,
        version=await _next_version(uow, unit.id),
        peer_group=_group(unit, said),
        newest=await _overtakes(uow, unit.id, said),
        declared_by=principal.account,
        declared_at=uow.now(),
    )
    if profile.newest:
        await uow.session.execute(
            update(UnitProfile).where(col(UnitProfile.unit_id) == unit.id, text(NEWEST)).values(newest=False)
        )
    uow.session.add(profile)
    await uow.session.flush()
    await _tell(uow, profile)
    return profile


def _group(unit: Unit, said: ProfileIn) -> str:
    return peer_group(Level(unit.level), Profile(said.population, said.staff, said.terrain)).code


async def _one_at_a_time(uow: UnitOfWork, unit_id: UUID) -> None:
    await uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"profile {unit_id}", 0))))


async def _next_version(uow: UnitOfWork, unit_id: UUID) -> int:
    newest = await uow.session.scalar(select(func.max(col(UnitProfile.version))).where(col(UnitProfile.unit_id) == unit_id))
    return (newest or 0) + 1


async def _overtakes(uow: UnitOfWork, unit_id: UUID, said: ProfileIn) -> bool:
    """Whether nothing was declared for a later day."""
    last = await uow.session.scalar(select(func.max(col(UnitProfile.as_of))).where(col(UnitProfile.unit_id) == unit_id))
    return last is None or said.as_of >= last


async def _tell(uow: UnitOfWork, profile: UnitProfile) -> None:
    event = UnitProfileDeclared(
        unit_id=profile.unit_id,
        version=profile.version,
        population=profile.population,
        staff=profile.staff,
        terrain=profile.terrain,
        as_of=profile.as_of,
        declared_at=profile.declared_at,
    )
    await uow.record(event)
