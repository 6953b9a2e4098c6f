"""Reading call-backs of cases."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select, text
from sqlmodel import col

from services.assessment.case_call_backs.models import CalledCase, CaseCallBack
from services.assessment.case_call_backs.rules import LEAST_REACHED, add_up
from services.assessment.case_call_backs.schemas import CallBackDetail, CallBackOut
from services.assessment.indicators.rules import Period, Tally
from services.assessment.scopes.queries import in_scope
from shared.auth import Principal
from shared.errors import NotFound
from shared.pages import Page, cut, decode_cursor
from shared.uow import UnitOfWork

CALLED_BACK = text(f"""
    SELECT unit_id, sum(confirmed) AS confirmed, sum(reached) AS reached FROM (
        SELECT asked.unit_id,
            count(*) FILTER (WHERE found = 'confirmed') AS confirmed,
            count(*) FILTER (WHERE found IN ('confirmed', 'not_confirmed')) AS reached
        FROM unnest(CAST(:units AS uuid[]), CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[]))
            AS asked (unit_id, since, until)
        JOIN case_call_backs ON case_call_backs.unit_id = asked.unit_id
            AND finished_at BETWEEN coalesce(since, '-infinity') AND coalesce(until, 'infinity')
        JOIN called_cases ON call_back_id = case_call_backs.id
        GROUP BY asked.unit_id, call_back_id
    ) AS call_back
    WHERE reached >= {LEAST_REACHED} GROUP BY unit_id
""")


async def called_back(uow: UnitOfWork, periods: Mapping[UUID, Period]) -> dict[UUID, Tally]:
    """Of the residents of each unit's cases that were drawn and reached, those who confirmed: over the call-backs finished in its
    period that reached enough to point at nobody. One query for all of them."""
    asked = {
        "units": list(periods),
        "since": [period.since for period in periods.values()],
        "until": [period.until for period in periods.values()],
    }
    found = dict.fromkeys(periods, Tally(0, 0))
    for row in await uow.session.execute(CALLED_BACK, asked):
        found[row.unit_id] = Tally(int(row.confirmed), int(row.reached))
    return found


async def find_call_back(uow: UnitOfWork, principal: Principal, call_back_id: UUID, *, lock: bool = False) -> CaseCallBack:
    """Raises `NotFound` (call-back-not-found)."""
    statement = select(CaseCallBack).where(col(CaseCallBack.id) == call_back_id, _below(uow, principal))
    found = await uow.session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound("call-back-not-found", "There is no call-back of cases with this id that you may see.")
    return found


async def list_call_backs(
    uow: UnitOfWork, principal: Principal, *, unit_id: UUID | None, limit: int, cursor: str | None
) -> Page[CallBackOut]:
    """Of the units below the caller's, oldest first."""
    statement = select(CaseCallBack).where(_below(uow, principal)).order_by(col(CaseCallBack.id)).limit(limit + 1)
    if unit_id is not None:
        statement = statement.where(col(CaseCallBack.unit_id) == unit_id)
    after = decode_cursor(cursor)
    if after is not None:
        statement = statement.where(col(CaseCallBack.id) > after)
    rows, following = cut((await uow.session.scalars(statement)).all(), limit, lambda row: row.id)
    cases = await _cases(uow, [row.id for row in rows])
    return Page(items=[CallBackOut.model_validate(_fields(row, cases[row.id])) for row in rows], next_cursor=following)


async def show_call_back(uow: UnitOfWork, call_back: CaseCallBack) -> CallBackDetail:
    """To an inspector who may see it."""
    cases = await drawn_cases(uow, call_back.id)
    return CallBackDetail.model_validate({**_fields(call_back, cases), "cases": cases})


async def drawn_cases(uow: UnitOfWork, call_back_id: UUID) -> Sequence[CalledCase]:
    """In the order of the drawing."""
    return (await _cases(uow, [call_back_id]))[call_back_id]


def _below(uow: UnitOfWork, principal: Principal) -> ColumnElement[bool]:
    """The own unit's are for those above it."""
    unit = col(CaseCallBack.unit_id)
    scope = in_scope(uow, principal, unit)
    return scope if principal.unit_id is None else scope & (unit != principal.unit_id)


async def _cases(uow: UnitOfWork, call_back_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[CalledCase]]:
    statement = select(CalledCase).where(col(CalledCase.call_back_id).in_(call_back_ids)).order_by(col(CalledCase.place))
    found: dict[UUID, list[CalledCase]] = {call_back_id: [] for call_back_id in call_back_ids}
    for case in await uow.session.scalars(statement):
        found[case.call_back_id].append(case)
    return found


def _fields(call_back: CaseCallBack, cases: Sequence[CalledCase]) -> dict[str, object]:
    said = add_up(case.found for case in cases)
    return {**call_back.model_dump(), "confirmed": said.hits, "reached": said.n}
