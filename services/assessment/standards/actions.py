"""What changes standards: only ever a new version, and its state."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import col

from services.assessment.decisions.actions import record_decision
from services.assessment.practices.queries import grade_terms
from services.assessment.standards.models import Standard
from services.assessment.standards.queries import active_version, get_standard
from services.assessment.standards.rules import Rule, State, Terms, changes, check_comment_days, check_step, check_terms
from shared.auth import Principal
from shared.events.assessment import StandardActivated, StandardDrafted, StandardWithdrawn
from shared.types import Level
from shared.uow import UnitOfWork


async def draft_standard(
    uow: UnitOfWork, *, code: str, name: str, level: Level | None, terms: Terms, comment_days: int | None
) -> Standard:
    """Open the next version of the standard `code` to residents' comments; campaigns that use an older one keep theirs.

    Events: StandardDrafted. Raises `Invalid` (comments-too-short), and see `check_terms`.
    """
    check_terms(terms)
    least = await _least_comment_days(uow, level)
    check_comment_days(comment_days, least)
    standard = Standard(
        id=uow.new_id(),
        code=code,
        version=await _next_version(uow, code),
        name=name,
        level=level,
        state=State.draft,
        content=terms.model_dump(mode="json"),
        comments_until=uow.now() + timedelta(days=comment_days or least),
        created_at=uow.now(),
    )
    uow.session.add(standard)
    await uow.session.flush()
    await uow.record(
        StandardDrafted(
            standard_id=standard.id,
            standard_code=code,
            version=standard.version,
            level=level,
            criteria=len(terms.criteria),
            comments_until=standard.comments_until,
            drafted_at=standard.created_at,
        )
    )
    return standard


async def lock_standard(uow: UnitOfWork, standard_id: UUID) -> Standard:
    """Raises `NotFound` (standard-not-found)."""
    await get_standard(uow, standard_id)
    locked = select(Standard).where(col(Standard.id) == standard_id).with_for_update().execution_options(populate_existing=True)
    return (await uow.session.scalars(locked)).one()


async def make_active(uow: UnitOfWork, principal: Principal, standard: Standard, reason: str) -> None:
    """The locked draft takes the place of the version before, and says what is different and why. Events: StandardActivated.

    Raises `Conflict` (standard-state).
    """
    check_step(State(standard.state), State.active)
    before = await active_version(uow, standard.code, lock=True)
    if before is not None:
        before.state = State.superseded
        await uow.session.flush()
    standard.state, standard.activated_at, standard.reason = State.active, uow.now(), reason
    standard.changes = list(changes(before.terms if before else None, standard.terms))
    await uow.record(
        StandardActivated(
            standard_id=standard.id,
            standard_code=standard.code,
            version=standard.version,
            supersedes_id=before.id if before else None,
            changes=len(standard.changes),
            activated_at=standard.activated_at,
        )
    )
    await _note(uow, principal, standard, "standard.activated", Rule.activated)


async def withdraw_standard(uow: UnitOfWork, principal: Principal, standard_id: UUID, reason: str) -> Standard:
    """A draft that will not become active. Events: StandardWithdrawn.

    Raises `NotFound` (standard-not-found), `Conflict` (standard-state).
    """
    standard = await lock_standard(uow, standard_id)
    check_step(State(standard.state), State.withdrawn)
    standard.state, standard.reason = State.withdrawn, reason
    await uow.record(
        StandardWithdrawn(standard_id=standard.id, standard_code=standard.code, version=standard.version, withdrawn_at=uow.now())
    )
    await _note(uow, principal, standard, "standard.withdrawn", Rule.withdrawn)
    return standard


async def _note(uow: UnitOfWork, actor: Principal, standard: Standard, kind: str, rule: Rule) -> None:
    assert standard.reason is not None
    await record_decision(
        uow,
        actor,
        kind=kind,
        subject="standard",
        subject_id=standard.id,
        unit_id=None,
        rule=rule,
        reason=standard.reason,
        public=True,
    )


async def _least_comment_days(uow: UnitOfWork, level: Level | None) -> int:
    """A standard for every level asks for as much as the level that asks for most."""
    terms = [await grade_terms(uow, each, uow.now()) for each in ([level] if level else Level)]
    return max(each.comment_days for each in terms)


async def _next_version(uow: UnitOfWork, code: str) -> int:
    """Versions of one code are given out one after another."""
    await uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"standard {code}", 0))))
    newest = await uow.session.scalar(select(func.max(col(Standard.version))).where(col(Standard.code) == code))
    return (newest or 0) + 1
