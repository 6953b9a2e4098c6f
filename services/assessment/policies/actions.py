"""What changes policies: only ever a new version."""

from sqlalchemy import func, select
from sqlmodel import col

from services.assessment.policies.models import Policy
from services.assessment.policies.queries import scopes_taken
from services.assessment.policies.rules import check_code, check_scope
from services.assessment.policies.schemas import PolicyIn
from services.assessment.practices.rules import check_start
from services.assessment.working_calendars.queries import get_working_calendar
from shared.events.assessment import PolicyRegistered
from shared.policies import SHIPPED
from shared.uow import UnitOfWork


async def register_policy(uow: UnitOfWork, asked: PolicyIn) -> Policy:
    """Keep the next version of the policy for the cases opened from `effective_from` on; others keep theirs.

    Records `PolicyRegistered`. Raises `Invalid` (policy-code-reserved, policy-in-the-past), `Conflict` (policy-scope-fixed,
    policy-scope-taken), `NotFound` (working-calendar-not-found).
    """
    now = uow.now()
    effective_from = asked.effective_from or now
    check_code(asked.code)
    check_start(effective_from, now)
    if asked.calendar_code is not None:
        await get_working_calendar(uow, asked.calendar_code)
    await one_at_a_time(uow)
    check_scope(asked.code, (asked.level, asked.channel), await scopes_taken(uow))
    policy = Policy(
        id=uow.new_id(),
        code=asked.code,
        version=await next_version(uow, asked.code),
        name=asked.name,
        level=asked.level,
        channel=asked.channel,
        effective_from=effective_from,
        rules=asked.rules().model_dump(mode="json"),
        registered_at=now,
    )
    uow.session.add(policy)
    await uow.session.flush()
    await _tell(uow, policy)
    return policy


async def one_at_a_time(uow: UnitOfWork) -> None:
    """Two codes must not take one scope, nor two registrations one version, nor a supplement miss a policy."""
    await uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("case policies", 0))))


async def next_version(uow: UnitOfWork, code: str) -> int:
    """What the next version of the policy is called."""
    registered = await uow.session.scalar(select(func.max(col(Policy.version))).where(col(Policy.code) == code))
    return max([registered or 0, *(policy.version for policy in SHIPPED if policy.code == code)]) + 1


async def _tell(uow: UnitOfWork, policy: Policy) -> None:
    told = policy.case_policy()
    event = PolicyRegistered(
        policy_id=told.id,
        policy_code=told.code,
        version=told.version,
        level=told.level,
        channel=told.channel,
        effective_from=told.effective_from,
        rules=told.rules,
        registered_at=policy.registered_at,
    )
    await uow.record(event)
