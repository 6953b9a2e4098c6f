"""Replaying a changed policy over cases of the past. Nothing is written."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, text

from services.assessment.policies.actions import next_version
from services.assessment.policies.queries import policies_from, scopes_taken
from services.assessment.policies.rules import check_code, check_scope
from services.assessment.policies.schemas import PolicyIn
from services.assessment.simulations.rules import MOST_CASES, CaseFacts, Clock, Counts, check_size
from services.assessment.simulations.schemas import SimulationIn, SimulationOut
from services.assessment.supplements.queries import versions_of
from services.assessment.units.queries import get_unit
from services.assessment.working_calendars.queries import ready_calendar
from shared.auth import Principal, Role
from shared.errors import Forbidden
from shared.policies import CasePolicy, PolicyBook
from shared.replays import span_of
from shared.strictness import Source, strictest
from shared.uow import UnitOfWork
from shared.working_time import WorkingCalendar

BATCH = 500
"""About 25 milliseconds of work; between two batches others have their turn."""
TERMS = {clock: f"deadlines.{clock.value}" for clock in Clock}
OPENED = """
    FROM clock_evidence AS clocks JOIN case_evidence AS cases USING (case_id)
    WHERE clocks.opened_at >= :since AND clocks.opened_at < :until
"""
BELOW = "AND cases.unit_id = ANY(:units)"
UNITS = bindparam("units", type_=ARRAY(Uuid()))
COLUMNS = """
    SELECT cases.unit_id, clocks.channel, clocks.opened_at, cases.acknowledged_at, cases.first_answered_at AS answered_at,
        clocks.asked_at, CASE WHEN cases.resolved THEN cases.verdict_at END AS resolved_at, clocks.ended_at, cases.reopened_at,
        clocks.acknowledgement_breached_at IS NOT NULL AS acknowledgement_breached,
        cases.first_answer_breached_at IS NOT NULL AS first_answer_breached,
        clocks.resolution_breached_at IS NOT NULL AS resolution_breached
"""
COUNT = {
    False: text(f"SELECT count(*) FROM (SELECT {OPENED} LIMIT :most) AS opened"),
    True: text(f"SELECT count(*) FROM (SELECT {OPENED} {BELOW} LIMIT :most) AS opened").bindparams(UNITS),
}
CASES = {
    False: text(f"{COLUMNS} {OPENED}"),
    True: text(f"{COLUMNS} {OPENED} {BELOW}").bindparams(UNITS),
}
"""By whether it is about a subtree."""


@dataclass(slots=True)
class Replay:
    """What comes of it so far: by unit, and how many cases' channel is not known."""

    units: dict[UUID, Counts] = field(default_factory=dict)
    cases: int = 0
    without_channel: int = 0


async def simulate_policy(uow: UnitOfWork, principal: Principal, asked: SimulationIn) -> SimulationOut:
    """What would differ, had this policy been in effect throughout the span.

    Raises `Forbidden` (unit-not-overseen), `NotFound` (unit-not-found, working-calendar-not-found), `Invalid`
    (policy-code-reserved, simulation-span, simulation-too-large), `Conflict` (policy-scope-fixed, policy-scope-taken).
    """
    unit_id = await _subtree_of(uow, principal, asked.unit_id)
    since, until = span_of(asked.since, asked.until, uow.now())
    policy = await _policy(uow, asked.policy, since)
    calendar = await ready_calendar(uow, policy.rules.calendar_code)
    values: dict[str, object] = {"since": since, "until": until}
    if unit_id is not None:
        values["units"] = uow.units.subtree(unit_id)
    check_size(await uow.session.scalar(COUNT[unit_id is not None], {**values, "most": MOST_CASES + 1}) or 0)
    book = await _book(uow, policy, since)
    replay = await _replay(uow, book, policy, calendar, _batches(uow, values))
    return SimulationOut.of(asked, unit_id, policy.label, replay.units, uow.units, replay.cases, replay.without_channel)


async def _subtree_of(uow: UnitOfWork, principal: Principal, unit_id: UUID | None) -> UUID | None:
    """The unit whose subtree is replayed; None for all. Of a lead or an inspector with a unit it is theirs if none is named."""
    everything = principal.role is Role.admin or (principal.role is Role.inspector and principal.unit_id is None)
    wanted = unit_id or (None if everything else principal.unit_id)
    if wanted is not None:
        await get_unit(uow, wanted)
    if not everything and not uow.units.covers(principal.unit_id, wanted):
        raise Forbidden("unit-not-overseen", "You see the cases of your own unit and of those below it: name one of these.")
    return wanted


async def _policy(uow: UnitOfWork, asked: PolicyIn, since: datetime) -> CasePolicy:
    """As if it had been registered in time; what registering refuses is refused."""
    check_code(asked.code)
    check_scope(asked.code, (asked.level, asked.channel), await scopes_taken(uow))
    return CasePolicy(
        id=uow.new_id(),
        code=asked.code,
        version=await next_version(uow, asked.code),
        level=asked.level,
        channel=asked.channel,
        effective_from=since,
        rules=asked.rules(),
    )


async def _book(uow: UnitOfWork, policy: CasePolicy, since: datetime) -> PolicyBook:
    """What was in effect in the span, with this policy in its place."""
    others = [each for each in await policies_from(uow, since) if each.code != policy.code]
    supplements = [version.supplement() for version in await versions_of(uow)]
    return PolicyBook([*others, policy], supplements=supplements)


async def _batches(uow: UnitOfWork, values: dict[str, object]) -> AsyncIterator[Sequence[Any]]:
    """Never all of them at once. Of each: the unit, the channel, and the fields of `CaseFacts` in their order."""
    found = await uow.session.stream(CASES["units" in values], values, execution_options={"yield_per": BATCH})
    async for batch in found.partitions():
        yield batch


async def _replay(
    uow: UnitOfWork, book: PolicyBook, policy: CasePolicy, calendar: WorkingCalendar, batches: AsyncIterator[Sequence[Any]]
) -> Replay:
    replay, now = Replay(), uow.now()
    chains: dict[UUID, Sequence[UUID]] = {}
    async for batch in batches:
        for unit_id, channel, *facts in batch:
            case, unit = CaseFacts(*facts), uow.units.get(unit_id)
            if channel is None or unit is None:
                replay.without_channel += 1
            elif book.policy_for(unit.level, channel, case.opened_at) is policy:
                if unit_id not in chains:
                    chains[unit_id] = [each.id for each in uow.units.chain(unit_id)]
                sources: Sequence[Source] = (policy, *book.supplements_for(chains[unit_id], channel, case.opened_at))
                replay.cases += 1
                replay.units.setdefault(unit_id, Counts()).add(case, _due(sources, case.opened_at, calendar), now)
    return replay


def _due(sources: Sequence[Source], opened_at: datetime, calendar: WorkingCalendar) -> dict[Clock, datetime]:
    choices = ((clock, strictest(sources, TERMS[clock], opened_at, calendar)) for clock in Clock)
    return {clock: choice.ends_at for clock, choice in choices if choice is not None}
