"""Moving a case along its table of states."""

from collections.abc import Sequence
from datetime import datetime

from services.feedback.cases.actions.clocks import turn_clocks
from services.feedback.cases.actions.following import part_ways
from services.feedback.cases.actions.history import write_act
from services.feedback.cases.models import Case, CaseClock
from services.feedback.cases.queries.access import Access
from services.feedback.cases.rules import (
    CLOSED,
    DONE_ON_MAIN,
    GOES_ALONE,
    VERBS_OF,
    Protection,
    State,
    Verb,
    allowed_verbs,
    next_state,
)
from services.feedback.errors import not_yours_to_do
from shared.errors import Conflict
from shared.uow import UnitOfWork


def permit(access: Access, verb: Verb) -> None:
    """Raises `Forbidden` when this verb is another party's, `Conflict` when the state of the case does not take it (case-state)
    or it is done on the main case (case-merged)."""
    if verb not in VERBS_OF[access.party]:
        raise not_yours_to_do(verb)
    state_after(access, verb)
    if access.standing.merged and verb in DONE_ON_MAIN:
        main = access.case.merged_into
        raise Conflict("case-merged", f"This case is merged into {main}: {verb} that one, or unmerge this.")


def state_after(access: Access, verb: Verb) -> State:
    """Raises `Conflict` (case-state), which says what this caller may do instead."""
    state = access.case.state
    return next_state(state, verb, allowed_verbs(state, access.party, access.standing))


async def advance(uow: UnitOfWork, access: Access, verb: Verb, *, reason: str | None = None) -> Sequence[CaseClock]:
    """Move the case along its table, write the history, and let its clocks follow; returns the clocks that the verb met. When it
    ends, what its speaker is promised then stays.

    Events: ClockBreached, if the case ends with a clock that has run out untold; CaseUnmerged, if it was merged and the verb
    makes it go alone. Raises `Conflict` (case-state).
    """
    case, now = access.case, access.moment(uow)
    state = state_after(access, verb)
    write_act(uow, case, verb, now, by_role=access.role, by_unit_id=access.unit_id, to_state=state, reason=reason)
    if state in CLOSED and case.state not in CLOSED:
        _promise(uow, case, now)
    case.state = state
    case.updated_at = max(case.updated_at, now)
    if state is not State.answered:
        case.judge_until = None
    if case.merged_into is not None and verb in GOES_ALONE:
        await part_ways(uow, case, now, coarse=access.coarse)
    return await turn_clocks(uow, access, verb)


def _promise(uow: UnitOfWork, case: Case, now: datetime) -> None:
    """A later policy changes nothing of it; only another end does."""
    unit = uow.units.get(case.unit_id)
    kept = uow.policies.practices.retention(unit.level if unit else None, now).of(case.channel)
    case.access_days = kept.access_days
    case.words_days = kept.words_days(protected=case.protection is not Protection.named)
