"""What changes activity templates: only ever a new version."""

from uuid import UUID

from sqlalchemy import func, select

from services.visits.activity_templates.models import ActivityTemplate
from services.visits.activity_templates.queries import newest_template
from services.visits.activity_templates.rules import check_sizes
from services.visits.activity_templates.schemas import NewActivityTemplate
from services.visits.discretion.rules import check_notes
from shared.auth import Principal, Role
from shared.errors import Forbidden
from shared.uow import UnitOfWork


async def adopt_template(uow: UnitOfWork, principal: Principal, wanted: NewActivityTemplate) -> ActivityTemplate:
    """Keep the next version of the template `code`; activities keep the version that they were planned by.

    The first is its maker's unit's, an administrator's everybody's. Raises `Invalid` (participants-out-of-order,
    sensitive-note) and `Forbidden` (template-not-yours).
    """
    steps = {f"body.steps.{at}": step for at, step in enumerate(wanted.steps)}
    titles = {"body.title.en": wanted.title.en, "body.title.zh": wanted.title.zh}
    check_notes({**titles, "body.target_group": wanted.target_group, **steps})
    check_sizes(wanted.least_participants, wanted.most_participants)
    newest = await _lock_newest(uow, wanted.code)
    if newest is not None:
        _permit(uow, principal, newest)
    template = ActivityTemplate(
        id=uow.new_id(),
        unit_id=newest.unit_id if newest else _home(principal),
        version=newest.version + 1 if newest else 1,
        levels=sorted(wanted.levels),
        title_en=wanted.title.en,
        title_zh=wanted.title.zh,
        indicator=wanted.expected_effect.indicator,
        unit_of_measure=wanted.expected_effect.unit_of_measure,
        steps=list(wanted.steps),
        created_by=principal.account,
        created_at=uow.now(),
        **wanted.model_dump(exclude={"levels", "title", "expected_effect", "steps"}),
    )
    uow.session.add(template)
    await uow.session.flush()
    return template


async def _lock_newest(uow: UnitOfWork, code: str) -> ActivityTemplate | None:
    """Versions of one code are given out one after another."""
    await uow.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"activity template {code}", 0))))
    return await newest_template(uow, code)


def _home(principal: Principal) -> UUID | None:
    return None if principal.role is Role.admin else principal.unit_id


def _permit(uow: UnitOfWork, principal: Principal, newest: ActivityTemplate) -> None:
    if principal.role is not Role.admin and not uow.units.covers(principal.unit_id, newest.unit_id):
        raise Forbidden("template-not-yours", "A unit outside yours keeps the template of this code: choose another code.")
