"""Case policies, their supplements, working calendars and practice policies as a service knows them: a projection of
assessment's, held in memory as a `PolicyBook`.

Intake asks which policy applies to every opinion, so the answer must not cost a query.
"""

import asyncio

from sqlalchemy import Column, Table, Uuid, func, select
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import CHANNEL as WAKEUPS
from shared.db import Database, kernel_metadata
from shared.events.assessment import (
    PolicyRegistered,
    PolicySupplementRegistered,
    PracticePolicyRegistered,
    RetentionPolicyRegistered,
    WorkingCalendarRegistered,
)
from shared.policies import CasePolicy, PolicyBook, Supplement
from shared.practices import PracticeBook, PracticePolicy
from shared.working_time import WorkingHours

CHANNEL = "massline_policies"

known_policies = Table(
    "known_policies",
    kernel_metadata,
    Column("id", Uuid, primary_key=True),
    Column("content", SqlText, nullable=False),
)
known_working_calendars = Table(
    "known_working_calendars",
    kernel_metadata,
    Column("id", Uuid, primary_key=True),
    Column("content", SqlText, nullable=False),
)
known_policy_supplements = Table(
    "known_policy_supplements",
    kernel_metadata,
    Column("id", Uuid, primary_key=True),
    Column("content", SqlText, nullable=False),
)
known_practice_policies = Table(
    "known_practice_policies",
    kernel_metadata,
    Column("id", Uuid, primary_key=True),
    Column("content", SqlText, nullable=False),
)
known_retention_policies = Table(
    "known_retention_policies",
    kernel_metadata,
    Column("id", Uuid, primary_key=True),
    Column("content", SqlText, nullable=False),
)


class PolicyDirectory:
    """`refresh()` where a request or a job begins; then `book` is the present one. It costs a query only after a change.

    A policy whose calendar is not here yet waits for it: the two travel apart.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._book = PolicyBook()
        self._stale = True
        self._loading = asyncio.Lock()
        database.wakeup(CHANNEL).on_ring(self._mark_stale)

    @property
    def book(self) -> PolicyBook:
        """What was known at the last refresh; before the first one, what is shipped."""
        return self._book

    def _mark_stale(self) -> None:
        self._stale = True

    async def refresh(self) -> None:
        """Read them all again if there are new ones."""
        if not self._stale:
            return
        async with self._loading:
            if self._stale:
                await self._load()

    async def _load(self) -> None:
        self._stale = False
        try:
            policies = await self._database.pool.fetch("SELECT content FROM known_policies")
            calendars = await self._database.pool.fetch("SELECT content FROM known_working_calendars")
            supplements = await self._database.pool.fetch("SELECT content FROM known_policy_supplements")
            practices = await self._database.pool.fetch("SELECT content FROM known_practice_policies")
            retention = await self._database.pool.fetch("SELECT content FROM known_retention_policies")
        except BaseException:
            self._stale = True
            raise
        hours = dict(calendar_of(WorkingCalendarRegistered.model_validate_json(content)) for (content,) in calendars)
        codes = {None, *(code for code, _ in hours)}
        known = (policy_of(PolicyRegistered.model_validate_json(content)) for (content,) in policies)
        told = (PolicySupplementRegistered.model_validate_json(content) for (content,) in supplements)
        ready = (policy for policy in known if policy.rules.calendar_code in codes)
        of_practice = [practice_of(PracticePolicyRegistered.model_validate_json(content)) for (content,) in practices]
        of_practice += [retention_of(RetentionPolicyRegistered.model_validate_json(content)) for (content,) in retention]
        self._book = PolicyBook(ready, hours, map(supplement_of, told), PracticeBook(of_practice))


def policy_of(event: PolicyRegistered) -> CasePolicy:
    return CasePolicy(
        id=event.policy_id,
        code=event.policy_code,
        version=event.version,
        level=event.level,
        channel=event.channel,
        effective_from=event.effective_from,
        rules=event.rules,
    )


def supplement_of(event: PolicySupplementRegistered) -> Supplement:
    return Supplement(
        id=event.supplement_id,
        code=event.supplement_code,
        version=event.version,
        unit_id=event.unit_id,
        channel=event.channel,
        effective_from=event.effective_from,
        ends=event.ends,
        rules=event.rules,
    )


def practice_of(event: PracticePolicyRegistered) -> PracticePolicy:
    return PracticePolicy(
        id=event.practice_policy_id,
        code=event.policy_code,
        version=event.version,
        level=event.level,
        effective_from=event.effective_from,
        rules=event.rules,
    )


def retention_of(event: RetentionPolicyRegistered) -> PracticePolicy:
    return PracticePolicy(
        id=event.retention_policy_id,
        code=event.policy_code,
        version=event.version,
        level=event.level,
        effective_from=event.effective_from,
        rules=event.rules,
    )


def calendar_of(event: WorkingCalendarRegistered) -> tuple[tuple[str, int], WorkingHours]:
    """Code and version, and what it says."""
    hours = WorkingHours(
        time_zone=event.time_zone_code, weekly=event.weekly, holidays=event.holidays, working_dates=event.working_dates
    )
    return (event.calendar_code, event.version), hours


async def project_policy(session: AsyncSession, event: PolicyRegistered) -> None:
    """Keep a version of a policy; once kept it stays as it is."""
    await _keep(session, insert(known_policies).values(id=event.policy_id, content=event.model_dump_json()))


async def project_supplement(session: AsyncSession, event: PolicySupplementRegistered) -> None:
    """Keep a version of a supplement; once kept it stays as it is."""
    await _keep(session, insert(known_policy_supplements).values(id=event.supplement_id, content=event.model_dump_json()))


async def project_practice(session: AsyncSession, event: PracticePolicyRegistered) -> None:
    """Keep a version of a practice policy; once kept it stays as it is."""
    await _keep(session, insert(known_practice_policies).values(id=event.practice_policy_id, content=event.model_dump_json()))


async def project_retention(session: AsyncSession, event: RetentionPolicyRegistered) -> None:
    """Keep a version of the policy on retention; once kept it stays as it is."""
    values = {"id": event.retention_policy_id, "content": event.model_dump_json()}
    await _keep(session, insert(known_retention_policies).values(values))


async def project_calendar(session: AsyncSession, event: WorkingCalendarRegistered) -> None:
    """Keep a version of a working calendar; once kept it stays as it is. Raises `ValueError` for a zone unknown here."""
    calendar_of(event)
    values = {"id": event.working_calendar_id, "content": event.model_dump_json()}
    await _keep(session, insert(known_working_calendars).values(values))


async def _keep(session: AsyncSession, statement: Insert) -> None:
    await session.execute(statement.on_conflict_do_nothing())
    await session.execute(select(func.pg_notify(WAKEUPS, CHANNEL)))
