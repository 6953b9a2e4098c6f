"""Reading activities."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, func, literal, select, tuple_
from sqlmodel import col

from services.visits.activities.models import Activity, ActivityNeed
from services.visits.activities.rules import ActivityState, Tally, attendance, official_share
from services.visits.activities.schemas import (
    ActivityDetail,
    ActivityOut,
    ActivitySummary,
    ActivityTallyOut,
    LinkedNeed,
    UnitActivityTally,
)
from services.visits.activity_templates.models import ActivityTemplate
from services.visits.visitors.queries import in_scope, require_units
from shared.auth import Principal
from shared.errors import NotFound
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork


async def find_activity(uow: UnitOfWork, principal: Principal, activity_id: UUID, *, lock: bool = False) -> Activity:
    """Raises `NotFound` (activity-not-found)."""
    statement = select(Activity).where(col(Activity.id) == activity_id, await _visible(uow, principal))
    activity = await uow.session.scalar(statement.with_for_update() if lock else statement)
    if activity is None:
        raise NotFound("activity-not-found", "There is no activity with this id that you may see.")
    return activity


async def get_activity(uow: UnitOfWork, principal: Principal, activity_id: UUID) -> ActivityDetail:
    """Raises `NotFound` (activity-not-found)."""
    return await show_activity(uow, await find_activity(uow, principal, activity_id))


async def show_activity(uow: UnitOfWork, activity: Activity) -> ActivityDetail:
    """For somebody who may see it."""
    template = await template_of(uow, activity)
    links = select(ActivityNeed).where(col(ActivityNeed.activity_id) == activity.id)
    needs = (await uow.session.scalars(links.order_by(col(ActivityNeed.linked_at), col(ActivityNeed.ref)))).all()
    shown = [LinkedNeed(kind=need.kind, id_or_code=need.ref, linked_at=need.linked_at) for need in needs]
    return ActivityDetail.model_validate({**_fields(activity, template), "needs": shown})


async def template_of(uow: UnitOfWork, activity: Activity) -> ActivityTemplate:
    return await uow.session.get_one(ActivityTemplate, activity.template_id)


async def list_activities(
    uow: UnitOfWork, principal: Principal, *, unit_id: UUID | None, unlinked: bool | None, limit: int, cursor: str | None
) -> Page[ActivityOut]:
    """Activities that the caller may see, in the order in which they were planned."""
    activities = select(Activity, ActivityTemplate).join(ActivityTemplate, col(ActivityTemplate.id) == col(Activity.template_id))
    statement = activities.where(await _visible(uow, principal)).order_by(col(Activity.id)).limit(limit + 1)
    if unit_id is not None:
        statement = statement.where(col(Activity.unit_id) == unit_id)
    if unlinked is not None:
        statement = statement.where(~col(Activity.linked) if unlinked else col(Activity.linked))
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(Activity.id) > after)
    rows, following = cut((await uow.session.execute(statement)).all(), limit, lambda row: row[0].id)
    return Page(items=[ActivityOut.model_validate(_fields(*row)) for row in rows], next_cursor=following)


async def sum_activities(uow: UnitOfWork, principal: Principal, unit_id: UUID) -> ActivitySummary:
    """Of a unit in the caller's scope, and of those below it that are in it too. Raises `NotFound` (unit-not-found)."""
    units = await require_units(uow, principal, unit_id)
    tallies = await _tallies(uow, units)
    total = ActivityTallyOut.model_validate(tallies.get(None, Tally()))
    return ActivitySummary(total=total, units=[_unit_tally(each, tallies[each]) for each in units if each in tallies])


def _unit_tally(unit_id: UUID, tally: Tally) -> UnitActivityTally:
    return UnitActivityTally(unit_id=unit_id, **ActivityTallyOut.model_validate(tally).model_dump())


async def _tallies(uow: UnitOfWork, units: list[UUID]) -> Mapping[UUID | None, Tally]:
    """By unit, and under None of all together."""
    unit, state, linked = col(Activity.unit_id), col(Activity.state), col(Activity.linked)
    stands = state != ActivityState.cancelled
    counts = (
        func.count().filter(state == ActivityState.planned),
        func.count().filter(state == ActivityState.held),
        func.count().filter(state == ActivityState.cancelled),
        func.count().filter(stands, linked),
        func.count().filter(stands, ~linked),
        func.count().filter(col(Activity.one_sided).is_(True)),
    )
    asked = unit == any_(literal(units, ARRAY(Uuid())))
    rows = await uow.session.execute(select(unit, *counts).where(asked).group_by(func.grouping_sets(tuple_(unit), tuple_())))
    return {unit_id: Tally(*counted) for unit_id, *counted in rows}


async def _visible(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    return await in_scope(uow, principal, col(Activity.unit_id))


def _fields(activity: Activity, template: ActivityTemplate) -> dict[str, Any]:
    effect = {"indicator": template.indicator, "unit_of_measure": template.unit_of_measure, "value": activity.expected}
    return {
        **activity.model_dump(),
        "kind": template.kind,
        "template_code": template.code,
        "template_version": template.version,
        "expected_effect": effect,
        "unlinked": not activity.linked,
        "record": _record(activity, template),
    }


def _record(activity: Activity, template: ActivityTemplate) -> dict[str, Any] | None:
    if activity.state is not ActivityState.held:
        return None
    return {
        "participants": activity.participants,
        "turns": activity.turns,
        "official_share": official_share(activity.turns),
        "one_sided": activity.one_sided,
        "attendance": attendance(activity.participants, template.demands),
        "effect_measured": activity.measured,
        "recorded_at": activity.recorded_at,
    }
