"""What changes standards: only ever a new version."""

from sqlalchemy import func, select
from sqlmodel import col

from services.assessment.standards.models import Standard
from services.assessment.standards.rules import Criterion, Scale, check_scale
from shared.types import Level
from shared.uow import UnitOfWork


async def adopt_standard(uow: UnitOfWork, *, code: str, name: str, level: Level | None, scale: Scale) -> Standard:
    """Keep the next version of the standard `code`; campaigns that use an older one keep theirs.

    Raises `Invalid` (weights-not-100, bands-not-rising).
    """
    check_scale(scale)
    standard = Standard(
        id=uow.new_id(),
        code=code,
        version=await _next_version(uow, code),
        name=name,
        level=level,
        response_weight=scale.weights[Criterion.response],
        resolution_weight=scale.weights[Criterion.resolution],
        satisfaction_weight=scale.weights[Criterion.satisfaction],
        qualified=scale.qualified,
        excellent=scale.excellent,
        minimum_sample=scale.minimum_sample,
        created_at=uow.now(),
    )
    uow.session.add(standard)
    await uow.session.flush()
    return standard


async def _next_version(uow: UnitOfWork, code: str) -> int:
    """Versions of one code are given out one after another."""
    await uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"standard {code}", 0))))
    newest = await uow.session.scalar(select(func.max(col(Standard.version))).where(col(Standard.code) == code))
    return (newest or 0) + 1
