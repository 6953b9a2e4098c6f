"""Lists with filters, a search or another order than the newest first.

A page is looked for twice at most. First among the next few thousand cases in the order asked for, which mostly fill it: what
many cases have is soon found. If they do not, few cases have it, and their indexes tell which. Both are planned for the values
of the request, because how rare they are decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from services.feedback.cases.models import OVERDUE_CLOCK, OWED
from services.feedback.cases.queries.access import UNBLAMED, VISIBLE, Scope
from services.feedback.cases.queries.listing import COLUMNS, LAST, NEXT_DUE, CasePage, asked_scope, list_cases, show_item
from services.feedback.cases.rules import Assistance, Channel, Kind, State
from services.feedback.cases.schemas import CaseItem
from services.feedback.cases.words import FACETS, facet_search, search_of
from shared.auth import Principal
from shared.errors import Invalid
from shared.events.feedback import CaseSource
from shared.pages import MALFORMED, Page, open_cursor, seal_cursor
from shared.reads import Read
from shared.uow import UnitOfWork

WINDOW, TEXT_WINDOW = 10_000, 3_000
"""Cases that are looked at first: fewer where their texts must be looked at too."""


class Sort(StrEnum):
    newest = "newest"
    oldest = "oldest"
    updated = "updated"
    due = "due"
    endorsed = "endorsed"


class Box(NamedTuple):
    """In degrees."""

    west: float
    south: float
    east: float
    north: float


def read_box(written: str) -> Box:
    """`west,south,east,north`. Raises `Invalid` (bad-box)."""
    try:
        box = Box(*map(float, written.split(",")))
    except (TypeError, ValueError):
        box = Box(1, 1, 0, 0)
    if not (-180 <= box.west <= box.east <= 180 and -90 <= box.south <= box.north <= 90):
        raise Invalid("bad-box", "`bbox` is four numbers, `west,south,east,north` in degrees, the smaller before the greater.")
    return box


@dataclass(frozen=True, slots=True)
class Filters:
    """What a case must be; None and False ask for nothing. `states`: any of them."""

    unit_id: UUID | None = None
    states: tuple[State, ...] = ()
    channel: Channel | None = None
    kind: Kind | None = None
    category: str | None = None
    source: CaseSource | None = None
    assistance: Assistance | None = None
    opened_from: datetime | None = None
    opened_to: datetime | None = None
    overdue: bool = False
    unread: bool = False
    merged: bool | None = None
    box: Box | None = None
    words: str | None = None

    @property
    def plain(self) -> bool:
        """Whether `listing` can do it: a unit and a state at most."""
        return len(self.states) <= 1 and self == Filters(unit_id=self.unit_id, states=self.states)

    def facets(self) -> dict[str, str]:
        """Those that are asked for."""
        return {name: value for name in FACETS if (value := getattr(self, name)) is not None}

    def search(self) -> str | None:
        """For words and facets together. Raises `Invalid` (nothing-to-search)."""
        words = [] if self.words is None else [search_of(self.words)]
        return " & ".join([*words, *facet_search(self.facets())]) or None


class _Order(NamedTuple):
    """`key` says where a case stands; `window` has key and id of the next ones, in order, behind `:key` and `:id`."""

    key: str
    kind: str
    direction: str
    window: str
    start: tuple[str, UUID]
    joins: str = ""
    only: str = "true"

    @property
    def by(self) -> str:
        return self.put(self.key, "cases.id")

    def put(self, key: str, id: str) -> str:
        """Where the id is the key, it is said once, or PostgreSQL sorts what is in order."""
        first = "" if self.kind == "uuid" else f"{key} {self.direction}, "
        return f"ORDER BY {first}{id} {self.direction}"

    @property
    def behind(self) -> str:
        return f"({self.key}, cases.id) {'<' if self.direction == 'DESC' else '>'} ({self.value}, :id)"

    @property
    def value(self) -> str:
        return f"CAST(CAST(:key AS text) AS {self.kind})"


FIRST = UUID(int=0)
EARLIER = f"""
    SELECT FROM case_clocks
    WHERE case_id = due.case_id AND {OWED} AND (due_at, kind, round) < (due.due_at, due.kind, due.round)
"""
PLAIN_WINDOW = "SELECT {key} AS key, cases.* FROM cases WHERE {only} AND {behind} {by}"
DUE_WINDOW = f"""
    SELECT due_at AS key, case_id AS id FROM case_clocks AS due
    WHERE {OWED} AND (due_at, case_id) > ({{value}}, :id) AND NOT EXISTS ({EARLIER})
    ORDER BY due_at, case_id
"""
ORDERS: Mapping[Sort, _Order] = {
    Sort.newest: _Order("cases.id", "uuid", "DESC", PLAIN_WINDOW, (str(LAST), LAST)),
    Sort.oldest: _Order("cases.id", "uuid", "ASC", PLAIN_WINDOW, (str(FIRST), FIRST)),
    Sort.updated: _Order("cases.updated_at", "timestamptz", "DESC", PLAIN_WINDOW, ("infinity", LAST)),
    Sort.due: _Order(
        "next.due_at",
        "timestamptz",
        "ASC",
        DUE_WINDOW,
        ("-infinity", FIRST),
        joins=f"JOIN LATERAL (SELECT {NEXT_DUE} AS due_at) AS next ON next.due_at IS NOT NULL",
    ),
    Sort.endorsed: _Order(
        "cases.endorsement_count",
        "int",
        "DESC",
        PLAIN_WINDOW,
        (str(2**31 - 1), LAST),
        only="cases.endorsement_count > 0",
    ),
}
OVERDUE = f"EXISTS (SELECT FROM case_clocks WHERE case_id = cases.id AND {OVERDUE_CLOCK})"
UNREAD = """(
    coalesce(cases.owner_id IN (:account, :alias), false) AND cases.message_count > cases.read_by_resident
    OR NOT coalesce(cases.owner_id IN (:account, :alias), false) AND cases.message_count > cases.read_by_unit
)"""
TEXTS = "JOIN case_texts AS texts ON texts.case_id = cases.id AND texts.terms @@ CAST(CAST(:search AS text) AS tsquery)"
WITHIN = "cases.unit_id = ANY(CAST(:within AS uuid[]))"
OF_UNITS = f"cases WHERE cases.unit_id = ANY(CAST(:units AS uuid[])) AND {UNBLAMED}"
TOLD = f"case_units AS parts JOIN cases ON cases.id = parts.case_id WHERE parts.unit_id = :told AND {UNBLAMED}"
OWN = "cases WHERE cases.owner_id IN (:account, :alias)"


async def find_cases(
    uow: UnitOfWork, principal: Principal, filters: Filters, *, sort: Sort, limit: int, cursor: str | None
) -> Page[CaseItem]:
    """A page of the cases that the caller may see and the filters let pass.

    Raises `NotFound` (unit-not-found), `Invalid` (nothing-to-search, malformed-cursor, cursor-of-another-order).
    """
    if filters.plain and sort is Sort.newest:
        state = next(iter(filters.states), None)
        return await list_cases(uow, principal, unit_id=filters.unit_id, state=state, limit=limit, cursor=cursor)
    rows, next_cursor = await next_rows(uow, principal, filters, sort=sort, limit=limit, cursor=cursor)
    return CasePage.model_validate({"items": [show_item(uow, principal, dict(row)) for row in rows], "next_cursor": next_cursor})


async def next_rows(
    uow: UnitOfWork, principal: Principal, filters: Filters, *, sort: Sort, limit: int, cursor: str | None
) -> tuple[Sequence[asyncpg.Record], str | None]:
    """The columns of a page's cases, and the next cursor. Raises like `find_cases`."""
    order = ORDERS[sort]
    key, last = order.start if cursor is None else _opened(sort, cursor)
    scope, within = await asked_scope(uow, principal, filters.unit_id)
    values = scope.values(within=within, most=limit + 1, key=key, id=last, **values_of(filters))
    found: list[asyncpg.Record] = []
    if scope.units or scope.everything:
        found = await _read(by_window(filters, sort, scope, within)).search(uow, values)
    if len(found) <= limit:
        found = await _read(by_index(filters, sort, scope, within)).search(uow, values)
    page = found[:limit]
    return page, seal_cursor(sort, page[-1]["sort_key"], page[-1]["id"]) if len(found) > limit else None


def _opened(sort: Sort, cursor: str) -> tuple[str, UUID]:
    """What stands in a cursor goes to the database as a value of its kind, so it must be one."""
    key, last = open_cursor(sort, cursor)
    try:
        match ORDERS[sort].kind:
            case "uuid":
                UUID(key)
            case "int":
                int(key)
            case _:
                datetime.fromisoformat(key)
    except ValueError:
        raise Invalid("malformed-cursor", MALFORMED) from None
    return key, last


def values_of(filters: Filters) -> dict[str, Any]:
    box = filters.box
    return {
        "states": list(filters.states),
        "opened_from": filters.opened_from,
        "opened_to": filters.opened_to,
        "merged": filters.merged,
        "search": filters.search(),
        **filters.facets(),
        **(box._asdict() if box else {}),
    }


@lru_cache(maxsize=500)
def _read(statement: str) -> Read:
    return Read(statement)


def _conditions(filters: Filters) -> list[str]:
    asked = {
        "cases.state = ANY(CAST(:states AS text[]))": bool(filters.states),
        "cases.opened_at >= CAST(:opened_from AS timestamptz)": filters.opened_from is not None,
        "cases.opened_at < CAST(:opened_to AS timestamptz)": filters.opened_to is not None,
        "cases.latitude BETWEEN :south AND :north AND cases.longitude BETWEEN :west AND :east": filters.box is not None,
        "(cases.merged_into IS NOT NULL) = CAST(:merged AS boolean)": filters.merged is not None,
        UNREAD: filters.unread,
        OVERDUE: filters.overdue,
    }
    return [condition for condition, is_asked in asked.items() if is_asked]


def _select(key: str) -> str:
    return f"SELECT {', '.join(COLUMNS)}, CAST({key} AS text) AS sort_key"


def by_window(filters: Filters, sort: Sort, scope: Scope, within: Sequence[UUID] | None) -> str:
    """The window is in order already, so that it is read no further than the page needs."""
    order = ORDERS[sort]
    size = TEXT_WINDOW if filters.words is not None else WINDOW
    window = order.window.format(key=order.key, only=order.only, behind=order.behind, by=order.by, value=order.value)
    if filters.states and sort in (Sort.newest, Sort.oldest):
        each = (window.replace("WHERE", f"WHERE cases.state = '{state}' AND") for state in filters.states)
        window = " UNION ALL ".join(f"({one} LIMIT {size})" for one in each)
        window = f"SELECT * FROM ({window}) AS cases {order.put('key', 'id')}"
    conditions = [*_conditions(filters), *(f"cases.{name} = :{name}" for name in filters.facets())]
    if within is not None:
        conditions.append(WITHIN)
    if not scope.everything:
        conditions.append(VISIBLE)
    plain = order.window is PLAIN_WINDOW
    cases, key = ("cases", "cases.key") if plain else ("near JOIN cases ON cases.id = near.id", "near.key")
    texts = TEXTS if filters.words is not None else ""
    return f"""
        {_select(key)} FROM ({window} LIMIT {size}) AS {cases} {texts}
        WHERE {" AND ".join(conditions) or "true"} {order.put(key, "cases.id")} LIMIT :most
    """


def by_index(filters: Filters, sort: Sort, scope: Scope, within: Sequence[UUID] | None) -> str:
    """The cases are found first and put in order then: they are the caller's own, or the window has shown that they are few."""
    order = ORDERS[sort]
    conditions = [order.only, order.behind, *_conditions(filters)]
    texts = TEXTS if filters.search() else ""
    asked = "true" if within is None else WITHIN
    branches = (f"cases WHERE {asked}",) if scope.everything else (OF_UNITS, f"{TOLD} AND {asked}", f"{OWN} AND {asked}")
    found = []
    for branch in branches:
        source, _, mine = branch.partition(" WHERE ")
        where = " AND ".join((mine, *conditions))
        found.append(f"SELECT cases.id, {order.key} AS key FROM {source} {order.joins} {texts} WHERE {where}")
    return f"""
        WITH found AS MATERIALIZED ({" UNION ".join(found)}),
            page AS (SELECT id, key FROM found {order.put("key", "id")} LIMIT :most)
        {_select("page.key")} FROM page JOIN cases ON cases.id = page.id {order.put("page.key", "page.id")}
    """
