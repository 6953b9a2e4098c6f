"""A speaker takes a passage out of their own words, for good."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, true, update
from sqlmodel import SQLModel, col

from services.feedback.cases.actions.history import write_act
from services.feedback.cases.models import CaseAppeal, CaseHistory, CaseText
from services.feedback.cases.queries.access import Access, Holder, open_own
from services.feedback.cases.queries.reading import show_case
from services.feedback.cases.rules import Party, Side
from services.feedback.cases.schemas import CaseOut
from services.feedback.cases.sealing import LOST, seal, unseal_row, write_attributes
from services.feedback.cases.words import case_terms
from services.feedback.conversations.models import Message
from services.feedback.ledger.models import LedgerLeaf
from services.feedback.redactions.rules import without
from services.feedback.retaliation.models import RetaliationReport
from shared.auth import Principal
from shared.errors import Invalid
from shared.events.feedback import CaseRedacted
from shared.uow import UnitOfWork

FILED = ("title", "body", "place", "attributes")


async def redact(uow: UnitOfWork, who: Principal | Holder, case_id: UUID, passage: str) -> CaseOut:
    """Also once the case is closed. What the unit wrote stays, and what somebody has read is read. A proof of filing shows from
    then on that something was filed, and not what: its words are not those that were filed.

    Events: CaseRedacted. Raises `NotFound`, `Invalid` (passage-not-found).
    """
    access = await open_own(uow, who, case_id, lock=True)
    case = access.case
    filed = await _redact_filed(uow, access, passage)
    own = [await _redact_rows(uow, access, rows, name, passage) for rows, name in await _own_rows(uow, case_id)]
    if not (filed or any(own)):
        raise Invalid("passage-not-found", "Nothing that you wrote in this case holds this passage: copy it letter by letter.")
    if filed:
        await uow.session.execute(update(LedgerLeaf).where(col(LedgerLeaf.opinion_id) == case.opinion_id).values(salt=None))
    write_act(uow, case, "redact", access.moment(uow), by_role=access.role)
    event = CaseRedacted(case_id=case_id, unit_id=case.unit_id, redacted_at=access.moment(uow))
    await uow.record(event, coarse=access.coarse)
    return await show_case(uow, access)


async def _redact_filed(uow: UnitOfWork, access: Access, passage: str) -> bool:
    case = access.case
    before = unseal_row(uow, case.id, {name: getattr(case, name) for name in FILED})
    after = {name: _without(passage, value) for name, value in before.items()}
    changed = {name: words for name, words in after.items() if words != before[name]}
    if not changed:
        return False
    attributes = changed.pop("attributes", None)
    if attributes is not None:
        case.attributes = seal(uow, case, write_attributes(attributes)) if isinstance(case.attributes, str) else attributes
    for name, words in changed.items():
        setattr(case, name, seal(uow, case, words))
    terms = case_terms({**case.model_dump(), **after})
    await uow.session.execute(update(CaseText).where(col(CaseText.case_id) == case.id).values(terms=terms))
    return True


async def _own_rows(uow: UnitOfWork, case_id: UUID) -> Sequence[tuple[Sequence[SQLModel], str]]:
    """The rows that the speaker wrote, and the column of their words."""
    by_speaker = (
        (Message, "text", col(Message.by) == Side.resident),
        (CaseHistory, "reason", col(CaseHistory.by_role) == Party.speaker),
        (CaseAppeal, "reason", true()),
        (RetaliationReport, "text", true()),
    )
    found = []
    for model, name, mine in by_speaker:
        rows = await uow.session.scalars(select(model).where(col(model.case_id) == case_id, mine))
        found.append((rows.all(), name))
    return found


async def _redact_rows(uow: UnitOfWork, access: Access, rows: Sequence[SQLModel], name: str, passage: str) -> bool:
    changed = False
    for row in rows:
        before: Any = access.unseal(uow, getattr(row, name))
        after = _without(passage, before)
        if after != before:
            setattr(row, name, seal(uow, access.case, after))
            changed = True
    return changed


def _without(passage: str, words: Any) -> Any:
    """What cannot be opened stays as it is, for its key may be found again."""
    return words if words == LOST else without(passage, words)
