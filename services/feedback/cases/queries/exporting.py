"""Cases as a file for a spreadsheet.

Titles are in it, for whoever may list a case reads its title; bodies are not, because people write names and numbers into them
and a file is passed on. Who spoke is in neither. Each file that leaves an office is in the audit log; what residents export is
their own.
"""

import csv
from codecs import BOM_UTF8
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from io import StringIO
from typing import Any

import asyncpg

from services.feedback.audit.actions import record_act
from services.feedback.audit.rules import Act
from services.feedback.cases.queries.listing import show_item
from services.feedback.cases.queries.searching import Filters, Sort, next_rows
from shared.auth import Principal, Role
from shared.uow import UnitOfWork, Works

AT_ONCE = 500
"""Cases that are in memory at the same time."""
FACTS = (
    *("id", "opened_at", "updated_at", "next_due_at", "state", "source", "channel", "kind", "protection", "assistance"),
    *("latitude", "longitude", "reopened_count", "endorsement_count", "message_count", "unit_id"),
)
WORDS = ("category", "place", "title")
UNTOLD = frozenset({"words", "box"})
HEADER = (*FACTS, "unit_code", "unit_name", *WORDS)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, in both widths."""


async def export_cases(works: Works, uow: UnitOfWork, principal: Principal, filters: Filters, sort: Sort) -> AsyncIterator[bytes]:
    """The file, piece by piece. Each is read in a unit of work of its own, when whoever reads is ready for it, so that a slow
    reader holds up nothing; a case whose place in the order changes meanwhile may be in it twice or not at all.

    Raises before there is a piece: `NotFound` (unit-not-found), `Invalid` (nothing-to-search). Events: AuditRecorded.
    """
    rows, cursor = await next_rows(uow, principal, filters, sort=sort, limit=AT_ONCE, cursor=None)
    if principal.role is not Role.resident:
        async with works.begin() as writing:
            await record_act(writing, principal, Act.cases_exported, detail={"sort": sort.value, **how_asked(filters)})
    return _pieces(works, principal, filters, sort, BOM_UTF8 + _lines([HEADER]) + _cases(uow, principal, rows), cursor)


def how_asked(filters: Filters) -> dict[str, str | bool]:
    """Codes, ids and times of a search; of its words and its place only that there were some."""
    asked = ((field, getattr(filters, field.name)) for field in fields(filters))
    return {field.name: field.name in UNTOLD or _code(value) for field, value in asked if value != field.default}


def _code(value: Any) -> str | bool:
    if isinstance(value, tuple):
        return ",".join(value)
    return value if isinstance(value, bool) else str(_plain(value))


async def _pieces(
    works: Works, principal: Principal, filters: Filters, sort: Sort, piece: bytes, cursor: str | None
) -> AsyncIterator[bytes]:
    yield piece
    while cursor is not None:
        async with works.open() as (uow, _):
            rows, cursor = await next_rows(uow, principal, filters, sort=sort, limit=AT_ONCE, cursor=cursor)
            piece = _cases(uow, principal, rows)
        yield piece


def _cases(uow: UnitOfWork, principal: Principal, rows: Sequence[asyncpg.Record]) -> bytes:
    return _lines([_cells(uow, show_item(uow, principal, dict(row))) for row in rows])


def _cells(uow: UnitOfWork, row: Mapping[str, Any]) -> list[Any]:
    unit = uow.units.get(row["unit_id"])
    words = [unit.code if unit else None, unit.name if unit else None, *(row[name] for name in WORDS)]
    return [*(_plain(row[name]) for name in FACTS), *map(harmless, words)]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def harmless(text: str | None) -> str | None:
    """Text that a spreadsheet shows and does not run."""
    return f"'{text}" if text is not None and text.startswith(FORMULA) else text


def _lines(rows: Sequence[Sequence[Any]]) -> bytes:
    lines = StringIO()
    csv.writer(lines).writerows(rows)
    return lines.getvalue().encode()
