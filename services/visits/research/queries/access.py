"""Who may see research, and who does it."""

from uuid import UUID

from sqlalchemy import ColumnElement, select, true, union_all
from sqlmodel import col

from services.visits.research.models import Recommendation, ResearchProject
from services.visits.research.rules import REPORTED
from services.visits.visitors.queries import in_scope, units_of
from shared.auth import Principal, Role
from shared.errors import Forbidden, NotFound
from shared.uow import UnitOfWork


async def visible(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    """SQL for the projects of the caller's units, those that the caller leads, and those that recommend something to them.

    Each of the three is found by its own index: joined by OR, none would be.
    """
    if principal.role is Role.admin:
        return true()
    reported = select(col(ResearchProject.id)).join(Recommendation).where(col(ResearchProject.state).in_(REPORTED))
    return col(ResearchProject.id).in_(
        union_all(
            select(col(ResearchProject.id)).where(await in_scope(uow, principal, col(ResearchProject.unit_id))),
            select(col(ResearchProject.id)).where(col(ResearchProject.leader_id) == principal.account_id),
            reported.where(await in_scope(uow, principal, col(Recommendation.addressed_to))),
        )
    )


async def find_project(uow: UnitOfWork, principal: Principal, project_id: UUID, *, lock: bool = False) -> ResearchProject:
    """Raises `NotFound` (research-not-found)."""
    statement = select(ResearchProject).where(col(ResearchProject.id) == project_id, await visible(uow, principal))
    project = await uow.session.scalar(statement.with_for_update() if lock else statement)
    if project is None:
        raise NotFound("research-not-found", "There is no research project with this id that you may see.")
    return project


async def lock_project(uow: UnitOfWork, principal: Principal, project_id: UUID) -> ResearchProject:
    """For whoever does the research. Raises `NotFound` (research-not-found) and `Forbidden` (research-of-others)."""
    project = await find_project(uow, principal, project_id, lock=True)
    if not is_inside(uow, principal, project):
        raise Forbidden("research-of-others", "This is for the unit that does the research: adopt or decline what is for yours.")
    return project


def is_inside(uow: UnitOfWork, principal: Principal, project: ResearchProject) -> bool:
    """Whether the caller sees the whole of it, and not only what is recommended."""
    leads = project.leader_id == principal.account_id
    return leads or principal.role is Role.admin or project.unit_id in units_of(uow, principal)


def is_lead_over(uow: UnitOfWork, principal: Principal, unit_id: UUID) -> bool:
    if principal.role is Role.admin:
        return True
    return principal.role is Role.lead and uow.units.covers(principal.unit_id, unit_id)
