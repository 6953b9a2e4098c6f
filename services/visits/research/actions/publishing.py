"""Making research public."""

from uuid import UUID

from services.visits.research.models import FollowUp, Recommendation, ResearchProject, ResearchResult
from services.visits.research.queries.access import is_lead_over, lock_project
from services.visits.research.queries.reading import recommendations_of, results_of
from services.visits.research.rules import ResearchState
from shared.auth import Principal
from shared.errors import Conflict, Forbidden
from shared.uow import UnitOfWork

Publishable = ResearchProject | ResearchResult | Recommendation | FollowUp


async def publish_research(uow: UnitOfWork, principal: Principal, project_id: UUID) -> ResearchProject:
    """Put it, and all that it says by now, into the public register. What it says later is published by another act.

    Raises `NotFound` (research-not-found), `Forbidden` (publication-not-yours), `Conflict` (research-draft).
    """
    project = await lock_project(uow, principal, project_id)
    if not is_lead_over(uow, principal, project.unit_id):
        raise Forbidden("publication-not-yours", "Only a lead of the unit, or of one above it, publishes its research.")
    if project.state is ResearchState.draft:
        raise Conflict("research-draft", "This research is a draft: start it first.")
    now = uow.now()
    follow_up = await uow.session.get(FollowUp, project.id)
    said: list[Publishable] = [project, *await results_of(uow, project.id), *await recommendations_of(uow, project.id)]
    for each in [*said, follow_up] if follow_up else said:
        each.published_at = each.published_at or now
    await uow.session.flush()
    return project
