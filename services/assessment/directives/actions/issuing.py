"""Issuing a directive, and giving every unit below its task."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from services.assessment.campaigns.queries import get_campaign
from services.assessment.directives.models import Directive, Task
from services.assessment.directives.rules import TaskState, check_due
from services.assessment.directives.schemas import DirectiveIn
from services.assessment.exclusions.queries import EXCLUDED
from services.assessment.units.models import Unit
from services.assessment.units.queries import get_unit
from services.assessment.units.rules import codes_of
from shared.auth import Principal, Role
from shared.errors import Conflict, Forbidden
from shared.events.assessment import DirectiveIssued
from shared.types import Level
from shared.uow import UnitOfWork

UNITS_BELOW = text(f"""
    SELECT units.id, units.level, above.id AS above_unit_id, branch.id AS branch_id
    FROM units
    JOIN units AS branch ON branch.code = split_part(units.path, '/', :depth)
    LEFT JOIN LATERAL (
        SELECT upper.id FROM units AS upper
        WHERE upper.code = ANY (string_to_array(units.path, '/')) AND upper.id <> units.id
            AND starts_with(upper.path, :root || '/')
            AND (CAST(:levels AS text[]) IS NULL OR upper.level = ANY (CAST(:levels AS text[])))
        ORDER BY length(upper.path) DESC LIMIT 1
    ) AS above ON true
    WHERE starts_with(units.path, :root || '/')
        AND (CAST(:levels AS text[]) IS NULL OR units.level = ANY (CAST(:levels AS text[])))
        AND (CAST(:after AS uuid) IS NULL OR units.id > :after)
        AND NOT {EXCLUDED}
    ORDER BY units.id LIMIT :limit
""")


async def issue_directive(uow: UnitOfWork, principal: Principal, wanted: DirectiveIn) -> Directive:
    """The tasks follow in the background. Records `DirectiveIssued`.

    Raises `NotFound` (unit-not-found, campaign-not-found), `Forbidden` (directive-not-yours), `Invalid`
    (directive-due-too-early), `Conflict` (directive-code-taken).
    """
    unit = await get_unit(uow, wanted.unit_id)
    if not _may_issue(uow, principal, unit):
        raise Forbidden("directive-not-yours", "Only a lead of the issuing unit or of one above it, or an administrator, issues.")
    if wanted.campaign_id is not None:
        await get_campaign(uow, wanted.campaign_id)
    acknowledge_by = uow.now() + timedelta(days=wanted.acknowledge_within)
    check_due(wanted.due_at, acknowledge_by)
    directive = Directive(
        id=uow.new_id(),
        acknowledge_by=acknowledge_by,
        issued_by=principal.account,
        issued_at=uow.now(),
        **wanted.model_dump(mode="json", include={"levels"}),
        **wanted.model_dump(exclude={"levels", "acknowledge_within"}),
    )
    statement = insert(Directive).values(directive.model_dump()).on_conflict_do_nothing(index_elements=["code"])
    if await uow.session.scalar(statement.returning(col(Directive.id))) is None:
        raise Conflict("directive-code-taken", f"Another directive has the code {wanted.code}: choose another one.")
    told = directive.model_dump(include={"unit_id", "campaign_id", "acknowledge_by", "due_at", "issued_at"})
    await uow.record(DirectiveIssued(directive_id=directive.id, directive_code=directive.code, **told))
    return directive


async def cascade_directives(uow: UnitOfWork, *, limit: int) -> bool:
    """Give the next `limit` units below a directive's issuer their tasks. True when there may be more."""
    waiting = select(Directive).where(~col(Directive.cascaded)).order_by(col(Directive.id)).limit(1)
    directive = await uow.session.scalar(waiting.with_for_update(skip_locked=True, key_share=True))
    if directive is None:
        return False
    root = await get_unit(uow, directive.unit_id)
    asked = {
        "root": root.path,
        "depth": len(codes_of(root.path)) + 1,
        "levels": directive.levels,
        "after": directive.cascaded_to,
        "campaign_id": directive.campaign_id,
        "limit": limit,
    }
    units = (await uow.session.execute(UNITS_BELOW, asked)).all()
    if units:
        rows = [
            _task(uow, directive, unit_id, level, above_unit_id, branch_id).model_dump()
            for unit_id, level, above_unit_id, branch_id in units
        ]
        await uow.session.execute(insert(Task), rows)
        directive.cascaded_to = units[-1].id
    directive.cascaded = len(units) < limit
    return True


def _task(uow: UnitOfWork, directive: Directive, unit_id: UUID, level: str, above_unit_id: UUID | None, branch_id: UUID) -> Task:
    return Task(
        id=uow.new_id(),
        directive_id=directive.id,
        unit_id=unit_id,
        level=Level(level),
        above_unit_id=above_unit_id,
        branch_id=branch_id,
        state=TaskState.issued,
        acknowledge_by=directive.acknowledge_by,
        due_at=directive.due_at,
        evidence=[],
        overdue_at=directive.acknowledge_by,
    )


def _may_issue(uow: UnitOfWork, principal: Principal, unit: Unit) -> bool:
    return principal.role is Role.admin or (principal.role is Role.lead and uow.units.covers(principal.unit_id, unit.id))
