"""Counting what people speak about."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from services.feedback.cases.queries.access import PUBLISHED
from services.feedback.signals.rules import Signal, Tally, Weeks, signals, windows
from services.feedback.signals.schemas import CategorySignalOut, ChannelSignalOut, SignalOut, SignalsOut
from shared.auth import Principal, Role
from shared.errors import NotFound
from shared.ids import first_id_at
from shared.reads import Read
from shared.uow import UnitOfWork

COUNT = Read(f"""
    SELECT category, channel, count(*) FILTER (WHERE id >= CAST(:middle AS uuid)) AS recent,
        count(*) FILTER (WHERE id < CAST(:middle AS uuid)) AS before
    FROM cases
    WHERE unit_id = ANY(CAST(:units AS uuid[])) AND id >= CAST(:first AS uuid) AND id < CAST(:last AS uuid)
        AND source <> 'imported' AND {PUBLISHED}
    GROUP BY category, channel
""")
"""Ids tell when a case was opened, so only those of the windows are read. Whatever became of it counts, so that a
withdrawal does not show as a difference; what was imported was said at another time, and what is held is not published."""


async def list_signals(uow: UnitOfWork, principal: Principal, unit_id: UUID, weeks: Weeks) -> SignalsOut:
    """Of the unit and all below it. Raises `NotFound` (unit-not-found), also for a unit that the caller's is not above."""
    known = await uow.units.find(unit_id) is not None
    if not known or not (principal.role is Role.admin or uow.units.covers(principal.unit_id, unit_id)):
        raise NotFound("unit-not-found", "No unit has this id that is yours or below it. List the units with GET /v1/units.")
    first, middle, last = windows(uow.now().date(), weeks)
    bounds = {"first": first_id_at(first), "middle": first_id_at(middle), "last": first_id_at(last)}
    rows = await COUNT.fetch(uow, {"units": uow.units.subtree(unit_id), **bounds})
    total, by_category = signals(_tallies(rows, "category"))
    _, by_channel = signals(_tallies(rows, "channel"))
    return SignalsOut(
        unit_id=unit_id,
        weeks=weeks,
        before_from=first.date(),
        recent_from=middle.date(),
        until=last.date(),
        total=SignalOut.model_validate(SignalOut.fields_of(total)),
        by_category=[CategorySignalOut.model_validate(each) for each in _listed(by_category, "category")],
        by_channel=[ChannelSignalOut.model_validate(each) for each in _listed(by_channel, "channel")],
    )


def _tallies(rows: Sequence[asyncpg.Record], column: str) -> Mapping[Hashable, Tally]:
    recent, before = Counter[Hashable](), Counter[Hashable]()
    for row in rows:
        recent[row[column]] += row["recent"]
        before[row[column]] += row["before"]
    return {part: Tally(recent[part], before[part]) for part in recent}


def _listed(parts: Mapping[Hashable, Signal], column: str) -> list[dict[str, Any]]:
    listed = [{column: part, **SignalOut.fields_of(signal)} for part, signal in parts.items()]
    return sorted(listed, key=lambda each: (-(each["ratio_low"] or 0), -(each["recent"] or 0), str(each[column])))
