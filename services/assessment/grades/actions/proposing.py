"""Proposing grades: by the rules alone, for many units at a time, when a campaign ends or when somebody asks."""

from asyncio import Lock, Task, TaskGroup, sleep
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import exists, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.assessment.campaigns.models import Campaign
from services.assessment.campaigns.queries import covered_root, excluded_from, get_campaign
from services.assessment.decisions.actions import DecisionRow, decision, record_decision, record_decisions
from services.assessment.grades.models import AT_END, OF_CAMPAIGN, UNFINISHED, GradeRun, UnitGrade
from services.assessment.grades.queries import NOTHING, assess, count
from services.assessment.grades.rules import (
    Evidence,
    Excluded,
    GradeCause,
    GradeState,
    Rule,
    check_begun,
    exact,
    rejudge,
    without,
)
from services.assessment.grading.rules.judging import Verdict
from services.assessment.indicators.rules import Period
from services.assessment.standards.queries import get_standard
from services.assessment.units.rules import codes_of
from shared.auth import Principal
from shared.db import fetch_in, run_in
from shared.uow import UnitOfWork

AT_ONCE = 1000
"""Units that somebody who asks waits for."""
BATCH = 100_000
"""Units of one transaction of timed work. Their evidence is counted in one reading, which is cheaper the more they are."""
CHUNK = 1000
"""Units whose grades are written at a time, while the next ones are judged."""
AHEAD = 3
"""Times this many may wait to be written."""
TURN = 10
"""Units that are judged at a time; in between, whatever else this process does has its turn."""
SUBJECT = "grade"
_encode = msgspec.json.Encoder().encode
PLAN_FOR_VALUES = "SET LOCAL plan_cache_mode = force_custom_plan"
"""How evidence is best counted depends on how many units are asked about."""
PROPOSE = f"""
INSERT INTO grades (id, unit_id, value, reason, composite, evidence, campaign_id, standard_id, proposed_at,
    cause, state, version, corrections, plan_told)
SELECT made.*, $7, $8, $9, '{GradeCause.campaign}', '{GradeState.proposed}', 1, '[]', false
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[]) AS made
ON CONFLICT (campaign_id, unit_id) WHERE {OF_CAMPAIGN} DO UPDATE SET version = grades.version + 1,
    standard_id = excluded.standard_id, value = excluded.value, reason = excluded.reason, composite = excluded.composite,
    evidence = excluded.evidence, proposed_at = excluded.proposed_at
WHERE grades.state = '{GradeState.proposed}' AND grades.corrections = '[]'
RETURNING id, unit_id, reason
"""
"""Counting anew changes a grade that nobody has signed. One that was corrected keeps that: it is returned instead."""


async def ask_for_grades(uow: UnitOfWork, principal: Principal, campaign_id: UUID, unit_id: UUID | None) -> tuple[GradeRun, int]:
    """Propose the grades of a unit and of all below it, or of all that the campaign covers: the first of them now, the others in
    timed work. Those that nobody has signed are counted anew; those that somebody has signed stay.

    Raises `NotFound` (campaign-not-found, unit-not-found), `Conflict` (campaign-not-begun), `Invalid` (unit-not-covered).
    """
    campaign = await get_campaign(uow, campaign_id)
    check_begun(campaign.starts_at, uow.now())
    root = await covered_root(uow, campaign, unit_id)
    run = _run(uow, campaign, root, at_end=False)
    uow.session.add(run)
    await uow.session.flush()
    await record_decision(
        uow,
        principal,
        kind="grade.asked",
        subject="campaign",
        subject_id=campaign.id,
        unit_id=root,
        rule=Rule.by_standard,
        reason="The grades of this unit and of all below it were asked for.",
        public=False,
    )
    return run, await _propose_next(uow, run, AT_ONCE)


async def propose_due(uow: UnitOfWork) -> bool:
    """Go on with one run, or begin that of a campaign that has ended. True when there may be more to do."""
    unfinished = select(GradeRun).where(text(UNFINISHED)).order_by(col(GradeRun.id)).limit(1)
    run = await uow.session.scalar(unfinished.with_for_update(skip_locked=True))
    if run is None:
        return await _begin_at_end(uow)
    await _propose_next(uow, run, BATCH)
    return True


async def _begin_at_end(uow: UnitOfWork) -> bool:
    begun = exists().where(col(GradeRun.campaign_id) == col(Campaign.id), text(AT_END))
    ended = select(Campaign).where(col(Campaign.ends_at) <= uow.now(), ~begun).order_by(col(Campaign.ends_at)).limit(1)
    campaign = await uow.session.scalar(ended)
    if campaign is None:
        return False
    run = _run(uow, campaign, campaign.unit_id, at_end=True)
    await uow.session.execute(insert(GradeRun).values(run.model_dump()).on_conflict_do_nothing())
    return True


def _run(uow: UnitOfWork, campaign: Campaign, unit_id: UUID | None, *, at_end: bool) -> GradeRun:
    return GradeRun(id=uow.new_id(), campaign_id=campaign.id, unit_id=unit_id, at_end=at_end, begun_at=uow.now())


async def _propose_next(uow: UnitOfWork, run: GradeRun, limit: int) -> int:
    campaign = await get_campaign(uow, run.campaign_id)
    left = await _left(uow, campaign, run)
    batch = left[:limit]
    proposed = await _propose(uow, campaign, batch)
    run.after = batch[-1] if batch else run.after
    run.finished_at = uow.now() if len(left) <= limit else None
    await uow.session.flush()
    return proposed


async def _left(uow: UnitOfWork, campaign: Campaign, run: GradeRun) -> list[UUID]:
    """The units of a run that are still to be graded, in the order of their ids."""
    only = (await get_standard(uow, campaign.standard_id)).level
    excluded = await excluded_from(uow, campaign.id)
    below = map(uow.units.get, uow.units.subtree(run.unit_id)) if run.unit_id else uow.units.all()
    covered = (unit for unit in below if unit and only in (None, unit.level) and not excluded.holds(codes_of(unit.path)))
    return sorted(unit.id for unit in covered if run.after is None or unit.id > run.after)


async def _propose(uow: UnitOfWork, campaign: Campaign, units: Sequence[UUID]) -> int:
    """How many were proposed or counted anew: some are judged while those before them are written."""
    if not units:
        return 0
    await run_in(uow.session, PLAN_FOR_VALUES)
    counting = await count(uow, campaign, units)
    written: list[Task[int]] = []
    turns = Lock()
    async with TaskGroup() as writing:
        for first in range(0, len(units), CHUNK):
            judged = []
            for place, unit_id in enumerate(units[first : first + CHUNK], 1):
                judged.append((uow.new_id(), unit_id, *_told(*counting.judge(unit_id))))
                if not place % TURN:
                    await sleep(0)
            if len(written) >= AHEAD:
                await written[-AHEAD]
            written.append(writing.create_task(_write(uow, campaign, judged, turns)))
    return sum(task.result() for task in written)


def _told(evidence: Evidence, verdict: Verdict) -> tuple[str, str, str | None, str]:
    return verdict.value, verdict.reason, exact(verdict.composite), _encode(evidence).decode()


async def _write(uow: UnitOfWork, campaign: Campaign, judged: Sequence[tuple[object, ...]], turns: Lock) -> int:
    """The columns of `PROPOSE`, row by row; in turn, on the one connection of the transaction."""
    async with turns:
        columns = zip(*judged, strict=True)
        made = await fetch_in(uow.session, PROPOSE, *columns, campaign.id, campaign.standard_id, uow.now())
        await record_decisions(uow, [_proposed(uow, *grade) for grade in made])
    return len(made)


def _proposed(uow: UnitOfWork, grade_id: UUID, unit_id: UUID, reason: str) -> DecisionRow:
    return decision(
        uow,
        None,
        kind="grade.proposed",
        subject=SUBJECT,
        subject_id=grade_id,
        unit_id=unit_id,
        rule=Rule.by_standard,
        reason=reason,
        public=False,
    )


async def propose_in_place_of(
    uow: UnitOfWork,
    grade: UnitGrade,
    cause: GradeCause,
    *,
    period: Period,
    excluded: Excluded = NOTHING,
) -> UnitGrade:
    """A new grade of the same unit by the same standard, over this period, which two have to sign before it takes its place."""
    campaign = await get_campaign(uow, grade.campaign_id)
    evidence = await assess(uow, campaign, grade.unit_id, period, excluded=excluded)
    made = UnitGrade(
        id=uow.new_id(),
        unit_id=grade.unit_id,
        campaign_id=campaign.id,
        cause=cause,
        state=GradeState.proposed,
        corrections=[],
        version=1,
        proposed_at=uow.now(),
        supersedes_id=grade.id,
        **await _counted(uow, evidence),
    )
    uow.session.add(made)
    await uow.session.flush()
    await record_decisions(uow, [_proposed(uow, made.id, made.unit_id, made.reason)])
    return made


async def count_anew(uow: UnitOfWork, grade: UnitGrade, excluded: Excluded = NOTHING) -> None:
    """The same evidence as it is known now, without what is `excluded` and what was before, as a new version."""
    campaign = await get_campaign(uow, grade.campaign_id)
    old = Evidence.of(grade.evidence)
    found = await assess(uow, campaign, grade.unit_id, old.period, excluded=without(old.excluded, excluded))
    for name, value in (await _counted(uow, found)).items():
        setattr(grade, name, value)
    grade.version, grade.proposed_at = grade.version + 1, uow.now()


async def _counted(uow: UnitOfWork, evidence: Evidence) -> dict[str, Any]:
    """What follows from the evidence."""
    found = rejudge(evidence, (await get_standard(uow, evidence.standard.id)).terms)
    return {
        "standard_id": evidence.standard.id,
        "value": found.value,
        "reason": found.reason,
        "composite": exact(found.composite),
        "evidence": msgspec.to_builtins(evidence),
    }
