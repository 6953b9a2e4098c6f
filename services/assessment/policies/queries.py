"""Reading policies: those registered and those shipped, told in one list."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col

from services.assessment.policies.models import Policy
from services.assessment.practices.queries import grade_terms as grade_terms
from services.assessment.practices.queries import inspection_rhythm as inspection_rhythm
from shared.errors import NotFound
from shared.pages import cut, decode_cursor
from shared.policies import SHIPPED, CasePolicy, Channel, PolicyBook, Scope
from shared.types import Level
from shared.uow import UnitOfWork


def shipped() -> list[Policy]:
    """Their ids come before every registered one's."""
    return [Policy.of(policy) for policy in SHIPPED]


async def list_policies(
    uow: UnitOfWork,
    *,
    code: str | None = None,
    level: Level | None = None,
    channel: Channel | None = None,
    limit: int,
    cursor: str | None,
) -> tuple[Sequence[Policy], str | None]:
    """A page of every version of every policy, oldest first, and the next cursor."""
    wanted = {"code": code, "level": level, "channel": channel}
    given = {name: value for name, value in wanted.items() if value is not None}
    after = decode_cursor(cursor)
    statement = select(Policy).filter_by(**given).order_by(col(Policy.id)).limit(limit + 1)
    if after is not None:
        statement = statement.where(col(Policy.id) > after)
    first = [policy for policy in shipped() if _fits(policy, given) and (after is None or policy.id > after)]
    return cut([*first, *await uow.session.scalars(statement)], limit, lambda policy: policy.id)


async def list_versions(uow: UnitOfWork, code: str, *, limit: int, cursor: str | None) -> tuple[Sequence[Policy], str | None]:
    """A page of the versions of one policy, oldest first. Raises `NotFound` (policy-not-found)."""
    page = await list_policies(uow, code=code, limit=limit, cursor=cursor)
    if not page[0] and cursor is None:
        raise NotFound("policy-not-found", "No policy has this code. List the policies with GET /v1/policies.")
    return page


async def policies_in_effect(uow: UnitOfWork, at: datetime) -> list[Policy]:
    """The version of each policy that is in effect at `at`. There is one per scope at most, so this is short."""
    newest = select(Policy).ext(distinct_on(col(Policy.code))).where(col(Policy.effective_from) <= at)
    rows = await uow.session.scalars(newest.order_by(col(Policy.code), col(Policy.version).desc()))
    policies = {policy.id: policy for policy in (*shipped(), *rows)}
    book = PolicyBook(policy.case_policy() for policy in policies.values())
    return [policies[found.id] for found in book.in_effect(at)]


async def policies_from(uow: UnitOfWork, at: datetime) -> list[CasePolicy]:
    """Those in effect at `at`, and the versions that begin later."""
    to_come = await uow.session.scalars(select(Policy).where(col(Policy.effective_from) > at))
    return [policy.case_policy() for policy in (*await policies_in_effect(uow, at), *to_come)]


async def list_policies_in_effect(
    uow: UnitOfWork, at: datetime, *, level: Level | None, channel: Channel | None, limit: int, cursor: str | None
) -> tuple[Sequence[Policy], str | None]:
    """A page of the versions in effect at `at`, oldest first, and the next cursor."""
    given = {name: value for name, value in {"level": level, "channel": channel}.items() if value is not None}
    after = decode_cursor(cursor)
    found = [policy for policy in await policies_in_effect(uow, at) if _fits(policy, given)]
    rest = [policy for policy in sorted(found, key=lambda policy: policy.id) if after is None or policy.id > after]
    return cut(rest, limit, lambda policy: policy.id)


async def get_effective_policy(uow: UnitOfWork, *, level: Level | None, channel: Channel | None, at: datetime) -> Policy:
    """The one that a case of this level and channel gets at `at`. Raises `NotFound` (policy-not-found) before 1970."""
    policies = {policy.id: policy for policy in await policies_in_effect(uow, at)}
    book = PolicyBook(policy.case_policy() for policy in policies.values())
    return policies[book.policy_for(level, channel, at).id]


async def scopes_taken(uow: UnitOfWork) -> dict[str, Scope]:
    """The scope of every known code."""
    rows = await uow.session.execute(select(col(Policy.code), col(Policy.level), col(Policy.channel)).distinct())
    taken: dict[str, Scope] = {policy.code: policy.scope for policy in SHIPPED}
    for code, level, channel in rows:
        taken[code] = (Level(level) if level else None, Channel(channel) if channel else None)
    return taken


def _fits(policy: Policy, given: Mapping[str, str]) -> bool:
    return all(getattr(policy, name) == value for name, value in given.items())
