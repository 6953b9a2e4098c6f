"""What becomes of a resident's wish to be visited."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from services.visits.visits.rules import VisitState
from shared.errors import Conflict
from shared.languages import Language

DUE_AFTER = timedelta(days=14)


class RequestState(StrEnum):
    open = "open"
    planned = "planned"
    visited = "visited"
    declined = "declined"
    declined_by_resident = "declined_by_resident"
    withdrawn = "withdrawn"


OWED = frozenset({RequestState.open, RequestState.planned})
TRANSITIONS: Mapping[RequestState, frozenset[RequestState]] = {
    RequestState.open: frozenset(
        {
            RequestState.planned,
            RequestState.visited,
            RequestState.declined,
            RequestState.declined_by_resident,
            RequestState.withdrawn,
        }
    ),
    RequestState.planned: frozenset(
        {RequestState.open, RequestState.visited, RequestState.declined_by_resident, RequestState.withdrawn}
    ),
    RequestState.visited: frozenset(),
    RequestState.declined: frozenset(),
    RequestState.declined_by_resident: frozenset(),
    RequestState.withdrawn: frozenset(),
}
"""An open one may still become visited, or be declined by the resident: its visit was missed, and recorded late."""

AFTER_VISIT: Mapping[VisitState, RequestState] = {
    VisitState.done: RequestState.visited,
    VisitState.done_late: RequestState.visited,
    VisitState.refused_by_resident: RequestState.declined_by_resident,
    VisitState.cancelled: RequestState.open,
    VisitState.missed: RequestState.open,
}
"""What a request is when its visit has become this. That the resident said no counts against nobody."""

PURPOSE: Mapping[Language, str] = {Language.en: "A resident asked for a visit", Language.zh: "居民请求走访"}
PLACE: Mapping[Language, str] = {Language.en: "As agreed with the resident", Language.zh: "与居民约定的地点"}
"""A plan needs both, and the resident's own words stay in the case."""


def move(state: RequestState, to: RequestState) -> RequestState:
    """The next state. Raises `Conflict` (visit-request-state)."""
    if to not in TRANSITIONS[state]:
        raise Conflict("visit-request-state", f"This request is {state}: it cannot become {to}.")
    return to


def due_at(requested_at: datetime) -> datetime:
    return requested_at + DUE_AFTER


def is_overdue(state: RequestState, due_at: datetime | None, now: datetime) -> bool:
    return state in OWED and due_at is not None and now > due_at
