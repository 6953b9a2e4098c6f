"""Finding what may be about the same matter.

What is compared comes by two indexes, of the unit and of the place, each the newest first and no more than so many: so that
it costs the same among a thousand cases and among a million.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.feedback.cases.models import CELL, OPEN
from services.feedback.cases.queries.access import SHARED, VISIBLE, is_withheld, open_case, scope_of
from services.feedback.cases.queries.listing import LAST
from services.feedback.cases.rules import Party
from services.feedback.cases.sealing import unseal_row
from services.feedback.errors import not_yours_to_do
from services.feedback.similar.rules import LIKELY, MOST_READ, MOST_SUGGESTED, RECENT, Matter, Spot, Wanted, cells_around, coarse
from services.feedback.similar.schemas import DraftIn, SimilarCase
from shared.auth import Principal
from shared.errors import Invalid
from shared.ids import first_id_at
from shared.reads import Read
from shared.uow import UnitOfWork

MOST_UNITS = 50
"""Of a unit and those below it, the nearest."""
BY_UNIT, NEARBY = 100, 100
"""How many cases are compared, at most."""


def _candidates(of_unit: str, who_sees: str) -> Read:
    """`of_unit` picks the index of units, `who_sees` says which of the found may be told.

    Both walks are said as ranges of whole keys: after `=` PostgreSQL may prefer an index that is in the same order and walk it
    to its end.
    """
    return Read(f"""
    WITH of_units AS (
        SELECT newest.id
        FROM unnest(CAST(:within AS uuid[])) AS unit (id), LATERAL (
            SELECT cases.id FROM cases
            WHERE {of_unit} AND (cases.unit_id, cases.id) > (unit.id, CAST(:since AS uuid))
                AND (cases.unit_id, cases.id) < (unit.id, CAST(:last AS uuid))
            ORDER BY cases.unit_id DESC, cases.id DESC LIMIT CAST(:of_each_unit AS int)
        ) AS newest
    ), nearby AS (
        SELECT newest.id
        FROM unnest(CAST(:rows AS float8[]), CAST(:columns AS float8[])) AS cell (lat, lon),
            unnest(CAST(:shared AS boolean[])) AS told (shared), LATERAL (
            SELECT cases.id FROM cases
            WHERE latitude IS NOT NULL AND {OPEN}
                AND ({", ".join(CELL)}, cases.shared, cases.id) > (cell.lat, cell.lon, told.shared, CAST(:since AS uuid))
                AND ({", ".join(CELL)}, cases.shared, cases.id) < (cell.lat, cell.lon, told.shared, CAST(:last AS uuid))
            ORDER BY {", ".join(f"{part} DESC" for part in (*CELL, "cases.shared", "cases.id"))}
            LIMIT CAST(:of_each_cell AS int)
        ) AS newest
    )
    SELECT id AS case_id, title, CASE WHEN sealed_with IS NULL THEN left(body, {MOST_READ}) ELSE body END AS body, protection,
        owner_id, category, latitude, longitude, place, opened_at, state, unit_id,
        endorsement_count
    FROM cases
    WHERE id = ANY(ARRAY(SELECT id FROM of_units UNION SELECT id FROM nearby)) AND {OPEN} AND {who_sees}
    """)


TO_ANYBODY = _candidates(f"cases.shared AND {OPEN}", SHARED)
TO_OFFICE = _candidates("true", f"merged_into IS NULL AND id <> :case_id AND {VISIBLE}")


async def find_similar(uow: UnitOfWork, draft: DraftIn) -> list[SimilarCase]:
    """Open cases that anybody may read and that are likely about the matter of a draft, the most likely first.

    Raises `NotFound` (unit-not-found), `Invalid` (nowhere-to-look).
    """
    if draft.unit_id is None and draft.location is None:
        raise Invalid("nowhere-to-look", "Name a `unit_id` or a `location`: similar cases are looked for there.")
    if draft.unit_id is not None:
        await uow.units.require(draft.unit_id)
    spot = coarse(Spot(draft.location.latitude, draft.location.longitude)) if draft.location else None
    matter = Matter(draft.title, draft.body or "", draft.category, spot, draft.place, uow.now())
    units = [] if draft.unit_id is None else uow.units.subtree(draft.unit_id)
    return _best(matter, map(dict, await TO_ANYBODY.fetch(uow, _values(matter, units, shared=[True]))))


async def list_similar(uow: UnitOfWork, principal: Principal, case_id: UUID) -> list[SimilarCase]:
    """Other open cases of the same unit and those below it that the caller may see and that are answered by themselves.

    Raises `NotFound` (case-not-found), `Forbidden` to the case's speaker.
    """
    access = await open_case(uow, principal, case_id)
    if access.party is Party.speaker:
        raise not_yours_to_do("list what is similar to")
    case, scope = access.case, await scope_of(uow, principal)
    matter = _matter(unseal_row(uow, case_id, case.model_dump(), withheld=access.withheld))
    values = _values(matter, uow.units.subtree(case.unit_id), shared=[True, False])
    found = await TO_OFFICE.fetch(uow, scope.values(case_id=case_id, **values))
    return _best(matter, [_read(uow, principal, dict(row)) for row in found])


def _read(uow: UnitOfWork, principal: Principal, row: dict[str, Any]) -> dict[str, Any]:
    shown = unseal_row(uow, row["case_id"], row, withheld=is_withheld(uow, principal, row))
    return {**shown, "body": shown["body"] and shown["body"][:MOST_READ]}


def _values(matter: Matter, units: Sequence[UUID], *, shared: Sequence[bool]) -> dict[str, Any]:
    units, cells = units[:MOST_UNITS], cells_around(matter.spot) if matter.spot else []
    return {
        "within": units,
        "rows": [float(cell.row) for cell in cells],
        "columns": [float(cell.column) for cell in cells],
        "shared": shared,
        "since": first_id_at(matter.at - RECENT),
        "last": LAST,
        "of_each_unit": BY_UNIT // max(1, len(units)),
        "of_each_cell": NEARBY // max(1, len(cells) * len(shared)),
    }


def _matter(facts: Mapping[str, Any]) -> Matter:
    spot = None if facts["latitude"] is None else Spot(facts["latitude"], facts["longitude"])
    return Matter(facts["title"], facts["body"], facts["category"], spot, facts["place"], facts["opened_at"])


def _best(matter: Matter, found: Iterable[Mapping[str, Any]]) -> list[SimilarCase]:
    wanted = Wanted.of(matter)
    matches = [(wanted.match(_matter(facts)), facts) for facts in found]
    matches.sort(key=lambda each: (-each[0].score, each[1]["case_id"]))
    return [
        SimilarCase(
            **{name: facts[name] for name in ("case_id", "title", "state", "unit_id", "endorsement_count")},
            opened_on=facts["opened_at"].date(),
            distance_m=match.distance_m,
            score=match.score,
            why=list(match.why),
        )
        for match, facts in matches[:MOST_SUGGESTED]
        if match.score >= LIKELY
    ]
