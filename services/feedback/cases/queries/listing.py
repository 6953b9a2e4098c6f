"""Reading many cases.

A list and a count take `access.VISIBLE` apart into branches, one per index, because its ORs would walk the cases of everybody
else. A test holds the two against each other.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from services.feedback.cases.models import OWED
from services.feedback.cases.queries.access import UNBLAMED, Scope, is_speaker, is_withheld, scope_of
from services.feedback.cases.queries.reading import unread
from services.feedback.cases.rules import Side, State
from services.feedback.cases.schemas import CaseCounts, CaseItem
from services.feedback.cases.sealing import unseal_row
from shared.auth import Principal
from shared.pages import Page, cut, decode_cursor
from shared.reads import Read
from shared.uow import UnitOfWork

LAST = UUID(int=2**128 - 1)
"""Comes after every id."""
NARROW, RECENT = 50, 1_000
"""The newest `RECENT` cases of all, or of all in the state asked for, are looked through first where most often they fill the
page: for more units than `NARROW`, and for a state, which may be rare in each of them."""

ASKED_STATE = "(CAST(:state AS text) IS NULL OR cases.state = :state)"
ASKED_UNITS = "(CAST(:within AS uuid[]) IS NULL OR cases.unit_id = ANY(:within))"
NEWEST = "ORDER BY cases.id DESC LIMIT :most"


def _newest(column: str, value: str, *conditions: str) -> str:
    """Ids of the newest cases whose `column` is `value`, by the index on (`column`, id) and no other.

    Said as a range of pairs, because after `=` PostgreSQL may take the primary key, which is in the same order, and walk it to
    its end when the value is rarer than it thought.
    """
    pair = f"(cases.{column}, cases.id) < ({value}, :before) AND cases.{column} >= {value}"
    where = " AND ".join((pair, *conditions))
    return f"SELECT cases.id FROM cases WHERE {where} ORDER BY cases.{column} DESC, cases.id DESC LIMIT :most"


ALL = f"SELECT cases.id FROM cases WHERE id < :before {NEWEST}"
ALL_IN_STATE = _newest("state", ":state")
OWN = " UNION ALL ".join(f"({_newest('owner_id', own, ASKED_STATE, ASKED_UNITS)})" for own in (":account", ":alias"))
TOLD = f"""
    SELECT parts.case_id
    FROM case_units AS parts,
        LATERAL (SELECT id, unit_id, state FROM cases WHERE id = parts.case_id LIMIT 1) AS cases
    WHERE (parts.unit_id, parts.case_id) < (:told, :before) AND parts.unit_id >= :told
        AND {ASKED_STATE} AND {ASKED_UNITS} AND {UNBLAMED}
    ORDER BY parts.unit_id DESC, parts.case_id DESC LIMIT :most
"""


def _recent_of_units(recent: str) -> str:
    return f"""
        SELECT cases.id FROM ({recent}) AS cases
        WHERE cases.unit_id IN (SELECT unnest(CAST(:units AS uuid[]))) AND {UNBLAMED} {NEWEST}
    """


RECENT_OF_UNITS = _recent_of_units("SELECT id, unit_id FROM cases WHERE id < :before ORDER BY id DESC LIMIT :recent")
RECENT_IN_STATE = _recent_of_units(
    """
    SELECT id, unit_id FROM cases WHERE (state, id) < (:state, :before) AND state >= :state
    ORDER BY state DESC, id DESC LIMIT :recent
    """
)
NEWEST_OF_UNITS = f"""
    SELECT newest.id
    FROM unnest(CASE WHEN (SELECT count(*) FROM recent) < :most THEN CAST(:units AS uuid[]) END) AS units (id),
        LATERAL ({_newest("unit_id", "units.id", ASKED_STATE, UNBLAMED)}) AS newest
    ORDER BY newest.id DESC LIMIT :most
"""
REST = f"{OWN} UNION ALL ({TOLD}) UNION ALL (SELECT id FROM recent) UNION ALL ({NEWEST_OF_UNITS})"
SCOPED = f"WITH recent AS MATERIALIZED ({RECENT_OF_UNITS}) {REST}"
SCOPED_IN_STATE = f"WITH recent AS MATERIALIZED ({RECENT_IN_STATE}) {REST}"

COUNT_ALL = "SELECT state, count(*) FROM cases GROUP BY state"
COUNT_SCOPED = f"""
    SELECT state, count(*) FROM (
        SELECT id, state FROM cases WHERE owner_id IN (:account, :alias) AND {ASKED_UNITS}
        UNION
        SELECT cases.id, cases.state FROM case_units JOIN cases ON cases.id = case_units.case_id
        WHERE case_units.unit_id = :told AND {ASKED_UNITS} AND {UNBLAMED}
        UNION
        SELECT id, state FROM cases WHERE unit_id = ANY(:units) AND {UNBLAMED}
    ) AS visible GROUP BY state
"""


TYPES = {
    **dict.fromkeys(("account", "alias", "told", "before", "own_unit"), "uuid"),
    **dict.fromkeys(("units", "chain", "within"), "uuid[]"),
    **dict.fromkeys(("most", "recent"), "int"),
    **dict.fromkeys(("state", "post"), "text"),
}


UNREAD_FROM = ("owner_id", "message_count", "read_by_resident", "read_by_unit")
NEXT_DUE = f"(SELECT min(due_at) FROM case_clocks WHERE case_id = cases.id AND {OWED})"
COLUMNS = [f"cases.{name}" for name in (*CaseItem.model_fields, *UNREAD_FROM) if name not in ("unread", "next_due_at")]
COLUMNS.append(f"{NEXT_DUE} AS next_due_at")


def _list(ids: str) -> Read:
    """Its parameters stand in subqueries, where the planner does not see their values: so it plans once for all of them. To plan
    for the values of each request, which is what it would choose, costs four times what the page itself does."""
    columns = ", ".join(COLUMNS)
    statement = f"SELECT {columns} FROM cases WHERE id = ANY(ARRAY({ids})) {NEWEST}"

    def hidden(name: re.Match[str]) -> str:
        kind = TYPES[name[1]]
        return f"CAST((SELECT CAST({name[0]} AS {kind})) AS {kind})"

    return Read(re.sub(r":(\w+)", hidden, statement))


CasePage = Page[CaseItem]
LIST_ALL, LIST_ALL_IN_STATE = _list(ALL), _list(ALL_IN_STATE)
LIST_OWN, LIST_SCOPED, LIST_SCOPED_IN_STATE = _list(OWN), _list(SCOPED), _list(SCOPED_IN_STATE)
COUNT_CASES, COUNT_ALL_CASES = Read(COUNT_SCOPED), Read(COUNT_ALL)


async def asked_scope(uow: UnitOfWork, principal: Principal, unit_id: UUID | None) -> tuple[Scope, list[UUID] | None]:
    """What the caller may see, and the units that it asks for. Raises `NotFound` (unit-not-found)."""
    scope = await scope_of(uow, principal)
    if unit_id is None:
        return scope, None
    await uow.units.require(unit_id)
    within = uow.units.subtree(unit_id)
    if scope.everything:
        return replace(scope, units=within), within
    asked = set(within)
    return replace(scope, units=[id for id in scope.units if id in asked]), within


def _listing(scope: Scope, within: list[UUID] | None, state: State | None) -> Read:
    if scope.everything and within is None:
        return LIST_ALL if state is None else LIST_ALL_IN_STATE
    if not (scope.units or scope.told):
        return LIST_OWN
    return LIST_SCOPED if state is None else LIST_SCOPED_IN_STATE


async def list_cases(
    uow: UnitOfWork, principal: Principal, *, unit_id: UUID | None, state: State | None, limit: int, cursor: str | None
) -> Page[CaseItem]:
    """Newest first."""
    before = decode_cursor(cursor) or LAST
    scope, within = await asked_scope(uow, principal, unit_id)
    recent = RECENT if len(scope.units) > NARROW or state is not None else 0
    values = scope.values(within=within, state=state, before=before, most=limit + 1, recent=recent)
    found = await _listing(scope, within, state).fetch(uow, values)
    rows, next_cursor = cut(found, limit, lambda row: row["id"])
    return CasePage.model_validate({"items": [show_item(uow, principal, dict(row)) for row in rows], "next_cursor": next_cursor})


def show_item(uow: UnitOfWork, principal: Principal, row: Mapping[str, Any]) -> dict[str, Any]:
    """What `CaseItem` holds, as this caller sees it."""
    own = is_speaker(uow, principal, row)
    main = None if own else row["merged_into"]
    words = unseal_row(uow, row["id"], row, withheld=is_withheld(uow, principal, row))
    return {**words, "merged_into": main, "unread": unread(row, Side.resident if own else Side.unit)}


async def count_cases(uow: UnitOfWork, principal: Principal, *, unit_id: UUID | None) -> CaseCounts:
    """Every state is in the answer, also those without a case."""
    scope, within = await asked_scope(uow, principal, unit_id)
    read = COUNT_ALL_CASES if scope.everything and within is None else COUNT_CASES
    counted = dict.fromkeys(State, 0)
    counted.update((State(state), count) for state, count in await read.fetch(uow, scope.values(within=within)))
    return CaseCounts(total=sum(counted.values()), by_state=counted)
