"""What changes practice policies: only ever a new version."""

from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from services.assessment.practices.models import PracticeVersion
from services.assessment.practices.rules import check_start
from services.assessment.practices.schemas import PracticePolicyIn
from shared.events.assessment import PracticePolicyRegistered, RetentionPolicyRegistered
from shared.practices import SHIPPED, AnyRules, RetentionTerms, code_of
from shared.uow import UnitOfWork


async def register_practice_policy(uow: UnitOfWork, asked: PracticePolicyIn) -> PracticeVersion:
    """Keep the next version of the policy on this practice and level, for what is decided from `effective_from` on.

    Records `PracticePolicyRegistered`, or `RetentionPolicyRegistered`. Raises `Invalid` (policy-in-the-past).
    """
    now = uow.now()
    effective_from = asked.effective_from or now
    check_start(effective_from, now)
    practice, code = asked.rules.practice, code_of(asked.rules.practice, asked.level)
    version = PracticeVersion(
        id=uow.new_id(),
        code=code,
        version=await _next_version(uow, code),
        practice=practice,
        level=asked.level,
        name=asked.name,
        effective_from=effective_from,
        rules=asked.rules.model_dump(mode="json"),
        registered_at=now,
    )
    uow.session.add(version)
    await uow.session.flush()
    await uow.record(_told(version, asked.rules))
    return version


def _told(version: PracticeVersion, rules: AnyRules) -> PracticePolicyRegistered | RetentionPolicyRegistered:
    said: dict[str, Any] = {
        "policy_code": version.code,
        **version.model_dump(include={"version", "level", "effective_from", "registered_at"}),
        "rules": rules,
    }
    if isinstance(rules, RetentionTerms):
        return RetentionPolicyRegistered(retention_policy_id=version.id, **said)
    return PracticePolicyRegistered(practice_policy_id=version.id, **said)


async def _next_version(uow: UnitOfWork, code: str) -> int:
    """Versions of one code are given out one after another."""
    await uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"practice policy {code}", 0))))
    newest = await uow.session.scalar(select(func.max(col(PracticeVersion.version))).where(col(PracticeVersion.code) == code))
    return max([newest or 0, *(policy.version for policy in SHIPPED if policy.code == code)]) + 1
