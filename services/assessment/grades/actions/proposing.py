"""Proposing grades: by the rules alone, for many units at a time, when a campaign ends or when somebody asks."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Table, exists, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.assessment.campaigns.models import Campaign
from services.assessment.campaigns.queries import excluded_from, get_campaign, reaches_unit
from services.assessment.decisions.actions import decision, record_decision, record_decisions
from services.assessment.grades.models import AT_END, OF_CAMPAIGN, UNFINISHED, GradeRun, UnitGrade
from services.assessment.grades.queries import NOTHING, Excluded, assess
from services.assessment.grades.rules import (
    Evidence,
    GradeCause,
    GradeState,
    Rule,
    check_begun,
    exact,
    recompute,
)
from services.assessment.indicators.rules import Period
from services.assessment.standards.queries import get_standard
from services.assessment.tables import metadata
from services.assessment.units.queries import get_unit
from services.assessment.units.rules import codes_of
from shared.auth import Principal
from shared.db import bulk_insert, bulk_rows
from shared.errors import Invalid
from shared.uow import UnitOfWork

BATCH = 1000
SUBJECT = "grade"
COUNTED = ("version", "standard_id", "value", "reason", "composite", "evidence", "proposed_at")
"""What counting anew changes of a grade that nobody has signed."""
COLUMNS = ("id", "unit_id", "campaign_id", "cause", "state", "corrections", "plan_told", *COUNTED)
TABLE: Table = metadata.tables[str(UnitGrade.__tablename__)]
PROPOSE = text(
    bulk_insert(
        TABLE,
        COLUMNS,
        tail=f"""
        ON CONFLICT (campaign_id, unit_id) WHERE {OF_CAMPAIGN}
        DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in COUNTED if name != "version")},
            version = grades.version + 1
        WHERE grades.state = '{GradeState.proposed}'
        RETURNING id, unit_id, reason
        """,
    ).replace("$1", "CAST(:rows AS json)")
)


async def ask_for_grades(uow: UnitOfWork, principal: Principal, campaign_id: UUID, unit_id: UUID | None) -> tuple[GradeRun, int]:
    """Propose the grades of a unit and of all below it, or of all that the campaign covers: the first of them now, the others in
    timed work. Those that nobody has signed are counted anew; those that somebody has signed stay.

    Raises `NotFound` (campaign-not-found, unit-not-found), `Conflict` (campaign-not-begun), `Invalid` (unit-not-covered).
    """
    campaign = await get_campaign(uow, campaign_id)
    check_begun(campaign.starts_at, uow.now())
    root = (await get_unit(uow, unit_id)).id if unit_id else campaign.unit_id
    if root and not reaches_unit(uow, campaign, root):
        raise Invalid("unit-not-covered", "`unit_id`: this campaign does not cover this unit.")
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
    return run, await _propose_next(uow, run)


async def propose_due(uow: UnitOfWork) -> bool:
    """Go on with one run, or begin that of a campaign that has ended. True when there may be more to do."""
    unfinished = select(GradeRun).where(text(UNFINISHED)).order_by(col(GradeRun.id)).limit(1)
    run = await uow.session.scalar(unfinished.with_for_update(skip_locked=True))
    if run is None:
        return await _begin_at_end(uow)
    await _propose_next(uow, run)
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


async def _propose_next(uow: UnitOfWork, run: GradeRun) -> int:
    campaign = await get_campaign(uow, run.campaign_id)
    left = await _left(uow, campaign, run)
    batch = left[:BATCH]
    proposed = await _propose(uow, campaign, batch)
    run.after = batch[-1] if batch else run.after
    run.finished_at = uow.now() if len(left) <= BATCH else None
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
    """How many were proposed or counted anew. Evidence of all of them in one query, and their grades in one statement."""
    if not units:
        return 0
    found = await assess(uow, campaign, units)
    rows = [_row(uow, unit_id, campaign, found[unit_id], GradeCause.campaign) for unit_id in units]
    made = (await uow.session.execute(PROPOSE, {"rows": bulk_rows(rows)})).all()
    await record_decisions(uow, [_proposed(uow, grade_id, unit_id, reason) for grade_id, unit_id, reason in made])
    return len(made)


def _proposed(uow: UnitOfWork, grade_id: UUID, unit_id: UUID, reason: str) -> Any:
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


def _row(uow: UnitOfWork, unit_id: UUID, campaign: Campaign, evidence: Evidence, cause: GradeCause) -> dict[str, Any]:
    return {
        "id": uow.new_id(),
        "unit_id": unit_id,
        "campaign_id": campaign.id,
        "cause": cause,
        "state": GradeState.proposed,
        "corrections": [],
        "plan_told": False,
        "version": 1,
        "proposed_at": uow.now(),
        **counted(evidence),
    }


def counted(evidence: Evidence) -> dict[str, Any]:
    """What follows from the evidence."""
    found = recompute(evidence)
    return {
        "standard_id": evidence.standard.id,
        "value": found.value,
        "reason": found.reason,
        "composite": exact(found.composite),
        "evidence": evidence.model_dump(mode="json"),
    }


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
    evidence = (await assess(uow, campaign, [grade.unit_id], period=period, excluded=excluded))[grade.unit_id]
    made = UnitGrade(**_row(uow, grade.unit_id, campaign, evidence, cause), supersedes_id=grade.id)
    uow.session.add(made)
    await uow.session.flush()
    await record_decisions(uow, [_proposed(uow, made.id, made.unit_id, made.reason)])
    return made


async def count_anew(uow: UnitOfWork, grade: UnitGrade) -> None:
    """The same evidence as it is known now, as a new version."""
    campaign = await get_campaign(uow, grade.campaign_id)
    old = Evidence.model_validate(grade.evidence)
    found = await assess(uow, campaign, [grade.unit_id], period=old.period, excluded=old.excluded)
    for name, value in counted(found[grade.unit_id]).items():
        setattr(grade, name, value)
    grade.version, grade.proposed_at = grade.version + 1, uow.now()
