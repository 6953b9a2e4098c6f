"""Reading supplements: whose there are, and which a unit inherits."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from services.assessment.policies.queries import get_effective_policy, policies_from
from services.assessment.supplements.models import PolicySupplement
from services.assessment.supplements.schemas import EffectivePolicy
from services.assessment.units.models import Unit
from services.assessment.units.queries import get_chain
from services.assessment.units.rules import RANK
from services.assessment.working_calendars.queries import ready_calendar
from shared.errors import Invalid, NotFound
from shared.pages import cut, decode_cursor
from shared.policies import Channel, PolicyBook
from shared.strictness import Source
from shared.types import Level
from shared.uow import UnitOfWork


async def get_supplement(uow: UnitOfWork, supplement_id: UUID) -> PolicySupplement:
    """Raises `NotFound` (supplement-not-found)."""
    found = await uow.session.get(PolicySupplement, supplement_id)
    if found is None:
        raise NotFound("supplement-not-found", "No supplement has this id. List them with GET /v1/policy-supplements.")
    return found


async def list_supplements(
    uow: UnitOfWork, *, unit_id: UUID | None, limit: int, cursor: str | None
) -> tuple[Sequence[PolicySupplement], str | None]:
    """A page of every version of every supplement, or of one unit's, oldest first, and the next cursor."""
    statement = select(PolicySupplement).order_by(col(PolicySupplement.id)).limit(limit + 1)
    if unit_id is not None:
        statement = statement.where(col(PolicySupplement.unit_id) == unit_id)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(PolicySupplement.id) > after)
    return cut((await uow.session.scalars(statement)).all(), limit, lambda supplement: supplement.id)


async def get_effective(
    uow: UnitOfWork, *, unit_id: UUID | None, level: Level | None, channel: Channel | None, at: datetime
) -> EffectivePolicy:
    """What a case opened at `at` gets. Raises `NotFound` (unit-not-found, policy-not-found), `Invalid` (level-of-unit)."""
    chain = await get_chain(uow, unit_id) if unit_id is not None else []
    if chain and level is not None:
        raise Invalid("level-of-unit", "Leave out `level`: the unit's own is asked about.")
    level = Level(chain[0].level) if chain else level
    policy = await get_effective_policy(uow, level=level, channel=channel, at=at)
    calendar = await ready_calendar(uow, policy.case_policy().rules.calendar_code)
    versions = {version.id: version for version in await versions_of(uow, [unit.id for unit in chain])}
    book = PolicyBook(supplements=(version.supplement() for version in versions.values()))
    found = book.supplements_for([unit.id for unit in chain], channel, at)
    return EffectivePolicy.of(policy, [versions[supplement.id] for supplement in found], calendar, at)


async def versions_of(uow: UnitOfWork, unit_ids: Collection[UUID] | None = None) -> Sequence[PolicySupplement]:
    """Every version of these units' supplements; of all units where none are named."""
    statement = select(PolicySupplement)
    if unit_ids is not None:
        statement = statement.where(col(PolicySupplement.unit_id).in_(unit_ids))
    return (await uow.session.scalars(statement)).all()


async def inherited_by(uow: UnitOfWork, chain: Sequence[Unit], channel: Channel | None, since: datetime) -> list[Source]:
    """Every policy that a supplement of the unit `chain[0]` would meet from `since` on, for the unit and all that can stand below
    it, and every supplement of the units above."""
    policies = await policies_from(uow, since)
    above = [version.supplement() for version in await versions_of(uow, [unit.id for unit in chain[1:]])]
    book = PolicyBook(policies, supplements=above)
    rules: Sequence[Source] = (*policies, *above)
    moments = {since, *(each.effective_from for each in rules if each.effective_from > since)}
    levels = [level for level in Level if RANK[level] >= RANK[Level(chain[0].level)]]
    channels = [channel] if channel is not None else list(Channel)
    met: dict[str, Source] = {}
    for at in moments:
        for of in channels:
            met |= {policy.label: policy for policy in (book.policy_for(level, of, at) for level in levels)}
            met |= {each.label: each for each in book.supplements_for([unit.id for unit in chain[1:]], of, at)}
    return [met[label] for label in sorted(met)]
