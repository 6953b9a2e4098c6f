"""What was done to a case is written down, once and for good."""

from datetime import datetime
from uuid import UUID

from services.feedback.cases.models import Case, CaseHistory
from services.feedback.cases.rules import RULES, State
from services.feedback.cases.sealing import seal
from shared.uow import UnitOfWork


def write_act(
    uow: UnitOfWork,
    case: Case,
    verb: str,
    at: datetime,
    *,
    by_role: str,
    by_unit_id: UUID | None = None,
    to_state: State | None = None,
    reason: str | None = None,
    rule: str = RULES,
) -> None:
    """Before the case moves `to_state`, if it does; under the rule that allowed it."""
    act = CaseHistory(
        case_id=case.id,
        at=at,
        verb=verb,
        by_role=by_role,
        by_unit_id=by_unit_id,
        from_state=case.state,
        to_state=to_state or case.state,
        reason=seal(uow, case, reason),
        rule=rule,
    )
    uow.session.add(act)
