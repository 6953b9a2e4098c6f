"""Planning and recording activities."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.visits.activities.models import Activity, ActivityNeed
from services.visits.activities.queries import find_activity, template_of
from services.visits.activities.rules import (
    ActivityState,
    Sides,
    check_held,
    check_plan,
    check_turns,
    is_one_sided,
    move,
)
from services.visits.activities.schemas import MOST_NEEDS, ActivityRecord, NewActivity
from services.visits.activity_templates.queries import usable_template
from services.visits.discretion.rules import check_notes
from services.visits.findings.queries import get_finding
from services.visits.visitors.queries import require_own_unit
from shared.auth import Principal
from shared.errors import Conflict
from shared.events.visits import ActivityCancelled, ActivityHeld, ActivityNeedLinked, ActivityPlanned
from shared.needs import Need, NeedKind
from shared.uow import UnitOfWork


async def plan_activity(uow: UnitOfWork, principal: Principal, wanted: NewActivity) -> Activity:
    """Plan it by the newest version of its template. Tells `ActivityPlanned`.

    Raises `NotFound` (unit-not-found, activity-template-not-found, finding-not-found) and `Invalid`.
    """
    check_notes({"body.title": wanted.title, "body.place": wanted.place, "body.target_group": wanted.target_group})
    unit = await require_own_unit(uow, principal, wanted.unit_id)
    template = await usable_template(uow, wanted.template_code, unit)
    now = uow.now()
    check_plan(
        template.demands,
        level=unit.level,
        starts_at=wanted.starts_at,
        ends_at=wanted.ends_at,
        now=now,
        place=wanted.place,
        indicator=wanted.expected_effect.indicator,
    )
    activity = Activity(
        id=uow.new_id(),
        template_id=template.id,
        expected=wanted.expected_effect.value,
        state=ActivityState.planned,
        linked=bool(wanted.needs),
        created_by=principal.account,
        created_at=now,
        **wanted.model_dump(exclude={"template_code", "expected_effect", "needs"}),
    )
    uow.session.add(activity)
    await uow.session.flush()
    await _add_needs(uow, principal, activity, wanted.needs)
    await uow.record(
        ActivityPlanned(
            activity_id=activity.id,
            unit_id=activity.unit_id,
            kind=template.kind,
            linked=activity.linked,
            starts_at=activity.starts_at,
            planned_at=now,
        )
    )
    return activity


async def link_need(uow: UnitOfWork, principal: Principal, activity_id: UUID, need: Need) -> Activity:
    """Say what else it answers to; what is linked already stays as it is. Tells `ActivityNeedLinked`.

    Raises `NotFound` (activity-not-found, finding-not-found) and `Conflict` (activity-cancelled, too-many-needs).
    """
    activity = await find_activity(uow, principal, activity_id, lock=True)
    if activity.state is ActivityState.cancelled:
        raise Conflict("activity-cancelled", "This activity was cancelled: it answers to nothing.")
    if await _count_needs(uow, activity) >= MOST_NEEDS:
        raise Conflict("too-many-needs", f"An activity answers to at most {MOST_NEEDS} needs.")
    if await _add_needs(uow, principal, activity, [need]):
        activity.linked = True
        await uow.record(
            ActivityNeedLinked(activity_id=activity.id, unit_id=activity.unit_id, kind=need.kind, linked_at=uow.now())
        )
    return activity


async def _add_needs(uow: UnitOfWork, principal: Principal, activity: Activity, needs: Sequence[Need]) -> int:
    """How many are new. A finding must be one that the caller may see; cases, topics and consultations are kept elsewhere."""
    for need in needs:
        if need.kind is NeedKind.finding:
            await get_finding(uow, principal, UUID(need.ref))
    rows = [{"activity_id": activity.id, "kind": need.kind, "ref": need.ref, "linked_at": uow.now()} for need in needs]
    if not rows:
        return 0
    statement = insert(ActivityNeed).values(rows).on_conflict_do_nothing().returning(col(ActivityNeed.ref))
    return len((await uow.session.scalars(statement)).all())


async def _count_needs(uow: UnitOfWork, activity: Activity) -> int:
    statement = select(func.count()).select_from(ActivityNeed).where(col(ActivityNeed.activity_id) == activity.id)
    return await uow.session.scalar(statement) or 0


async def record_activity(uow: UnitOfWork, principal: Principal, activity_id: UUID, said: ActivityRecord) -> Activity:
    """Keep how many came and spoke, by side. Tells `ActivityHeld`.

    Raises `NotFound` (activity-not-found), `Invalid` (turns-of-nobody), `Conflict` (activity-not-begun, activity-over).
    """
    activity = await find_activity(uow, principal, activity_id, lock=True)
    participants, turns = Sides(**said.participants.model_dump()), Sides(**said.turns.model_dump())
    activity.state = move(activity.state, ActivityState.held)
    check_held(activity.starts_at, uow.now())
    check_turns(participants, turns)
    activity.officials, activity.residents = participants
    activity.official_turns, activity.resident_turns = turns
    activity.one_sided, activity.measured = is_one_sided(participants, turns), said.effect_measured
    activity.recorded_at, activity.recorded_by = uow.now(), principal.account
    await uow.record(
        ActivityHeld(
            activity_id=activity.id,
            unit_id=activity.unit_id,
            kind=(await template_of(uow, activity)).kind,
            officials=participants.officials,
            residents=participants.residents,
            official_turns=turns.officials,
            resident_turns=turns.residents,
            needs=await _count_needs(uow, activity),
            recorded_at=activity.recorded_at,
        )
    )
    return activity


async def cancel_activity(uow: UnitOfWork, principal: Principal, activity_id: UUID, reason: str) -> Activity:
    """Tells `ActivityCancelled`. Raises `NotFound` (activity-not-found), `Conflict` (activity-over)."""
    activity = await find_activity(uow, principal, activity_id, lock=True)
    activity.state, activity.reason = move(activity.state, ActivityState.cancelled), reason
    await uow.record(ActivityCancelled(activity_id=activity.id, unit_id=activity.unit_id, cancelled_at=uow.now()))
    return activity
