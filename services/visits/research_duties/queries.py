"""What research was done in a year, by unit and leader, against what was owed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ARRAY, Uuid, any_, literal, select, union
from sqlmodel import col

from services.visits.research.models import ResearchProject
from services.visits.research.schemas import ResearchQuotaOut
from services.visits.research_duties.models import ResearchDuty
from services.visits.research_duties.rules import year_of
from services.visits.research_duties.schemas import (
    ResearchDoneOut,
    ResearchDutyOut,
    ResearchLeaderOut,
    ResearchOwedOut,
)
from services.visits.visitors.queries import require_units
from shared.auth import Principal
from shared.pages import Page, cut, decode_cursor
from shared.reads import Read
from shared.uow import UnitOfWork

DO = Read("""
    WITH led AS (SELECT * FROM research_projects WHERE unit_id = ANY(CAST(:units AS uuid[])) AND started_at IS NOT NULL),
    done AS (
        SELECT unit_id, leader_id, 1 AS projects, quota_visits, quota_hours, 0.0 AS hours, 0 AS visits, 0 AS results
        FROM led WHERE started_at >= :since AND started_at < :until AND state <> 'stopped'
        UNION ALL
        SELECT led.unit_id, led.leader_id, 0, 0, 0, field.hours, 0, 0
        FROM led JOIN research_field_days AS field ON field.project_id = led.id
        WHERE field.day >= CAST(:first_day AS date) AND field.day < CAST(:last_day AS date)
        UNION ALL
        SELECT unit_id, leader_id, 0, 0, 0, 0, 1, 0 FROM (
            SELECT DISTINCT led.unit_id, led.leader_id, visits.id
            FROM led JOIN research_links AS link ON link.project_id = led.id AND link.kind = 'visit'
            JOIN visits ON visits.id = link.ref_id
            WHERE visits.state IN ('done', 'done_late') AND visits.occurred_at >= :since AND visits.occurred_at < :until
        ) AS made
        UNION ALL
        SELECT led.unit_id, led.leader_id, 0, 0, 0, 0, 0, 1
        FROM led JOIN research_results AS result ON result.project_id = led.id
        WHERE result.published_at >= :since AND result.published_at < :until
    )
    SELECT unit_id, leader_id, sum(projects) AS projects, sum(quota_visits) AS quota_visits, sum(quota_hours) AS quota_hours,
        sum(hours) AS hours, sum(visits) AS visits, sum(results) AS results
    FROM done GROUP BY unit_id, leader_id ORDER BY unit_id, leader_id
""")
"""A visit counts once for a leader, however many of the leader's projects it is linked to."""


async def list_duties(
    uow: UnitOfWork, principal: Principal, *, unit_id: UUID, year: int, limit: int, cursor: str | None
) -> Page[ResearchDutyOut]:
    """Of a unit in the caller's scope and those below it that are in it too, as far as they owe or do research.

    Raises `NotFound` (unit-not-found).
    """
    units = await require_units(uow, principal, unit_id)
    after = decode_cursor(cursor)
    rows, following = cut(await _concerned(uow, units, year, after, limit + 1), limit, lambda unit_id: unit_id)
    return Page(items=await _duties(uow, rows, year), next_cursor=following)


async def get_duty(uow: UnitOfWork, unit_id: UUID, year: int) -> ResearchDutyOut:
    """For somebody in whose scope the unit is."""
    return (await _duties(uow, [unit_id], year))[0]


async def _concerned(uow: UnitOfWork, units: list[UUID], year: int, after: UUID | None, limit: int) -> Sequence[UUID]:
    asked = any_(literal(units, ARRAY(Uuid())))
    owing = select(col(ResearchDuty.unit_id)).where(col(ResearchDuty.year) == year, col(ResearchDuty.unit_id) == asked)
    leading = select(col(ResearchProject.unit_id)).where(
        col(ResearchProject.started_at).is_not(None), col(ResearchProject.unit_id) == asked
    )
    if after is not None:
        owing = owing.where(col(ResearchDuty.unit_id) > after)
        leading = leading.where(col(ResearchProject.unit_id) > after)
    return (await uow.session.scalars(union(owing, leading).order_by("unit_id").limit(limit))).all()


async def _duties(uow: UnitOfWork, units: Sequence[UUID], year: int) -> list[ResearchDutyOut]:
    owed = select(ResearchDuty).where(col(ResearchDuty.unit_id).in_(units), col(ResearchDuty.year) == year)
    asked = {duty.unit_id: duty for duty in await uow.session.scalars(owed)}
    leaders = await _leaders(uow, units, year)
    return [_duty(unit_id, year, asked.get(unit_id), leaders[unit_id]) for unit_id in units]


async def _leaders(uow: UnitOfWork, units: Sequence[UUID], year: int) -> Mapping[UUID, list[ResearchLeaderOut]]:
    since, until = year_of(year)
    bounds = {"since": since, "until": until, "first_day": since.date(), "last_day": until.date()}
    found: dict[UUID, list[ResearchLeaderOut]] = defaultdict(list)
    for row in await DO.fetch(uow, {"units": units, **bounds}):
        found[row["unit_id"]].append(_leader(row))
    return found


def _leader(row: asyncpg.Record) -> ResearchLeaderOut:
    quota = ResearchQuotaOut(visits=row["quota_visits"], hours=row["quota_hours"])
    done: dict[str, Any] = {name: row[name] for name in ("projects", "hours", "visits", "results")}
    met = done["visits"] >= quota.visits and done["hours"] >= quota.hours
    return ResearchLeaderOut(leader_id=row["leader_id"], quota=quota, met=met, **done)


def _duty(unit_id: UUID, year: int, duty: ResearchDuty | None, leaders: list[ResearchLeaderOut]) -> ResearchDutyOut:
    names = ResearchDoneOut.model_fields
    done = ResearchDoneOut.model_validate({name: sum(getattr(each, name) for each in leaders) for name in names})
    return ResearchDutyOut(
        unit_id=unit_id,
        year=year,
        owed=ResearchOwedOut.model_validate(duty) if duty else None,
        done=done,
        met=done.projects >= duty.projects and done.hours >= duty.hours if duty else None,
        leaders=leaders,
    )
