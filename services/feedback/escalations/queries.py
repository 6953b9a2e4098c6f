"""Reading what was escalated."""

from typing import Any
from uuid import UUID

from services.feedback.cases.queries.access import VISIBLE, is_withheld, scope_of
from services.feedback.cases.sealing import unseal_row
from services.feedback.escalations.schemas import EscalationItem
from shared.auth import Principal
from shared.errors import Invalid
from shared.pages import Page, cut, decode_cursor
from shared.reads import Read
from shared.uow import UnitOfWork

LAST = UUID(int=2**128 - 1)
"""Comes after every id."""


def _list(condition: str) -> Read:
    return Read(
        f"""
        SELECT steps.id, steps.case_id, steps.unit_id, steps.cause, steps.round, steps.step, steps.notified_at,
            steps.acknowledged_at, cases.unit_id AS owing_unit_id, cases.state, cases.title, cases.protection, cases.owner_id,
            chains.next_at
        FROM escalation_steps AS steps
            JOIN cases ON cases.id = steps.case_id
            JOIN escalation_chains AS chains
                ON chains.case_id = steps.case_id AND chains.cause = steps.cause AND chains.round = steps.round
        WHERE (steps.unit_id, steps.id) < (:unit, :before) AND steps.unit_id >= :unit AND {condition} AND {VISIBLE}
        ORDER BY steps.unit_id DESC, steps.id DESC LIMIT :most
        """
    )


LIST = {
    None: _list("true"),
    False: _list("steps.acknowledged_at IS NULL"),
    True: _list("steps.acknowledged_at IS NOT NULL"),
}

EscalationPage = Page[EscalationItem]


async def list_escalations(
    uow: UnitOfWork, principal: Principal, *, unit_id: UUID | None, acknowledged: bool | None, limit: int, cursor: str | None
) -> Page[EscalationItem]:
    """Newest first, of the cases that the caller may see. Raises `NotFound` (unit-not-found), `Invalid` (unit-needed)."""
    unit = unit_id or principal.unit_id
    if unit is None:
        raise Invalid("unit-needed", "You belong to no unit: say which one in `unit_id`.")
    await uow.units.require(unit)
    before = decode_cursor(cursor) or LAST
    values = (await scope_of(uow, principal)).values(unit=unit, before=before, most=limit + 1)
    found = await LIST[acknowledged].fetch(uow, values)
    rows, next_cursor = cut(found, limit, lambda row: row["id"])
    return EscalationPage.model_validate(
        {"items": [_show(uow, principal, dict(row)) for row in rows], "next_cursor": next_cursor}
    )


def _show(uow: UnitOfWork, principal: Principal, row: dict[str, Any]) -> dict[str, Any]:
    return unseal_row(uow, row["case_id"], row, withheld=is_withheld(uow, principal, row))
