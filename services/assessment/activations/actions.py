"""A draft that residents have commented on begins to count."""

from uuid import UUID

from services.assessment.activations.rules import check_ready
from services.assessment.comments.queries import count_unanswered
from services.assessment.dry_runs.queries import has_been_tried
from services.assessment.standards.actions import lock_standard, make_active
from services.assessment.standards.models import Standard
from services.assessment.standards.rules import State, check_step
from shared.auth import Principal
from shared.uow import UnitOfWork


async def activate_standard(uow: UnitOfWork, principal: Principal, standard_id: UUID, reason: str) -> Standard:
    """It takes the place of the version before. Events: StandardActivated.

    Raises `NotFound` (standard-not-found), `Conflict` (standard-state, comments-still-open, comments-unanswered, not-tried).
    """
    standard = await lock_standard(uow, standard_id)
    check_step(State(standard.state), State.active)
    check_ready(
        comments_until=standard.comments_until,
        now=uow.now(),
        unanswered=await count_unanswered(uow, standard_id),
        tried=await has_been_tried(uow, standard_id),
    )
    await make_active(uow, principal, standard, reason)
    return standard
